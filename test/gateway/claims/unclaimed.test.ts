/** Money under a code that nobody claims: back to whoever sent it, once, and never claimed besides. */
import { argon2id } from "#argon2";
import { expect } from "chai";
import type { Hex } from "../../../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode, parseCode } from "../../../protocol/claim-code.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { ranges } from "../../../gateway/keys.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { type Coin, idOf, networkId, pay, promise, spend } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { ask, Bank, MEMBER } from "../support/bank.ts";
import { TestDevice } from "../support/device.ts";
import { refusal } from "../support/refusal.ts";
import { ResultsServer } from "../support/results-server.ts";

const OTHER = 2;
const PASSWORD = "open sesame";
const LIFE_S = 60;
const RECLAIM_DELAY_S = 14 * 86_400;
const HOUR_S = 3_600;
const TRIES = 4;

describe("money under a code that nobody claims", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  before(async () => {
    bank = await Bank.open(await folder(), {
      settings: { "claims.lifeMs": LIFE_S * 1000, "claims.sweepMs": 20, "rates.claimsBurst": 1000 },
    });
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 50_000n);
    await device.load(20_000n);
    await bank.customer("bert", 0n);
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const known = async (secret: Uint8Array) => {
    const owner = ownerOf(secret);
    for await (const _ of bank.store.entries(ranges.unclaimedOf(owner))) return true;
    return false;
  };
  /** A code under which `payer` has put money, and the gateway knows of it. */
  const sent = async (
    amount: bigint,
    payer: { key: NodeSigner; member: number; coins: Coin[] } = {
      key: device.key,
      member: MEMBER,
      coins: device.coins(),
    },
  ) => {
    const code = makeCode(systemRandom);
    const secret = await codeSecret(networkId, code, PASSWORD, argon2id);
    const all = payer.coins.reduce((sum, { output }) => sum + output.amount, 0n);
    const outputs = [promise(secret, MEMBER, amount), pay(payer.key, payer.member, all - amount)];
    const record = await spend({ signer: payer.key, inputs: payer.coins, outputs });
    bank.node.sequenceForeign([record.bytes]);
    expect(bank.node.hasApplied(idOf(record))).to.equal(true);
    return { code: formatCode(networkId, code), secret, id: idOf(record) };
  };
  const seen = async (amount: bigint) => {
    const made = await sent(amount);
    await until("the gateway knows of it", () => known(made.secret));
    return made;
  };
  const claim = (code: string, password = PASSWORD) =>
    ask<{ state: string }>(`${bank.url}/v1/claims`, { code, password, account: "bert" });
  const codeOf = async (call: Promise<unknown>) => {
    try {
      await call;
    } catch (error) {
      if (isRefusal(error)) return error.code;
      throw error;
    }
    return undefined;
  };
  const has = async (account: string) => BigInt((await bank.balance(account)).available);
  const isRevoked = (owner: Owner) =>
    until("the code is revoked", () => {
      return bank.node.ledger.state.revokedAtS(MEMBER, owner) !== undefined;
    });
  /** What whoever sent it is told of the record. */
  const explained = (id: Hex, words: RegExp) =>
    until(`it is explained by ${words}`, async () => {
      const { sentences } = await ask<{ sentences: string[] }>(
        `${bank.url}/v1/records/${id}/explain`,
      );
      return sentences.some((sentence) => words.test(sentence));
    });
  /** Lets time pass until it is back, two days at a look. */
  const isBack = (condition: () => boolean | Promise<boolean>) =>
    until("the money is back", async () => {
      bank.pass(48 * HOUR_S);
      return condition();
    });

  it("goes back to the account of the device that sent it, and both sides are told [R-162, N-19]", async () => {
    await using core = await ResultsServer.start(bank.node.ledger.bank(MEMBER).issuer.publicKey);
    await bank.staff("/v1/webhooks", { url: core.url, kinds: ["unclaimed"] });
    const { code, secret, id } = await seen(250n);
    const before = await has("anna");
    await explained(id, /waits to be claimed until/);
    bank.pass(LIFE_S - 1);
    await refusal("wrong-claim", claim(code, "open barley"));
    bank.pass(2);
    await isRevoked(ownerOf(secret));
    await refusal("claim-expired", claim(code));
    await explained(id, /Nobody claimed .*: it goes back/);
    bank.pass(RECLAIM_DELAY_S - HOUR_S);
    expect(await has("anna")).to.equal(before);
    bank.pass(HOUR_S);
    await until("the money is back", async () => (await has("anna")) === before + 250n);
    await refusal("wrong-claim", claim(code, "open barley"));
    await refusal("claim-expired", claim(code));
    await bank.restart();
    await refusal("claim-expired", claim(code));
    await explained(id, /it has gone back/);
    await until("it is told", () => core.results.length === 2);
    const told = core.results.map(({ kind, state, amount }) => ({ kind, state, amount }));
    expect(told).to.deep.equal([
      { kind: "unclaimed", state: "expired", amount: "250" },
      { kind: "unclaimed", state: "returned", amount: "250" },
    ]);
    const entries = await bank.staff<{ kind: string }[]>("/v1/accounts/anna/statement");
    expect(entries.filter(({ kind }) => kind === "recovery")).to.have.length(1);
    expect(await has("recoveries")).to.equal(0n);
    expect(await bank.staff("/v1/books")).to.include({ total: "0", held: "0" });
  });

  it("goes back to a device of another bank's by a record, once [R-162, N-19]", async () => {
    const { ledger } = bank.node;
    const key = await ledger.enrol("payer", OTHER);
    const coins = [await ledger.coin(pay(key, OTHER, 100n))];
    const { secret } = await sent(40n, { key, member: OTHER, coins });
    await until("the gateway knows of it", () => known(secret));
    const payer = new TestDevice(bank, key);
    expect(payer.balance()).to.equal(60n);
    await isBack(() => payer.balance() === 100n);
    bank.pass(RECLAIM_DELAY_S);
    await bank.restart();
    expect(payer.balance()).to.equal(100n);
    await until("the account has paid", async () => (await has("recoveries")) === 0n);
    const [, other] = payer.coins().map(({ output }) => output.custodian);
    expect(other).to.equal(OTHER);
  });

  it("is left to a claim that was made in time, however long that takes to apply [R-162, N-19]", async () => {
    const [anna, bert] = [await has("anna"), await has("bert")];
    const { code, secret, id } = await seen(30n);
    bank.node.gatherMs = undefined;
    await claim(code);
    for (let i = 0; i < 5; i++) {
      bank.pass(LIFE_S);
      await until("it was looked at", async () => (await codeOf(claim(code))) === undefined);
    }
    expect(bank.node.ledger.state.revokedAtS(MEMBER, ownerOf(secret))).to.equal(undefined);
    bank.node.sequence();
    bank.node.gatherMs = 2;
    await until("it is paid", async () => (await has("bert")) === bert + 30n);
    await explained(id, /was claimed on/);
    bank.pass(RECLAIM_DELAY_S + HOUR_S);
    await until("it is forgotten", async () => !(await known(secret)));
    expect(await has("anna")).to.equal(anna);
  });

  it("is claimed or goes back, never both, when claims come as it expires [R-162, N-13, N-19]", async () => {
    let claimed = 0;
    let returned = 0;
    for (let i = 0; i < TRIES; i++) {
      const [anna, bert] = [await has("anna"), await has("bert")];
      const { code } = await seen(10n);
      bank.pass(LIFE_S - 1);
      const tries = Array.from({ length: TRIES }, async (_, at) => {
        if (at === i) bank.pass(2);
        return codeOf(claim(code));
      });
      const isClaimed = (await Promise.all(tries)).includes(undefined);
      await isBack(async () => (await has("anna")) + (await has("bert")) === anna + bert + 10n);
      expect(await has("bert")).to.equal(bert + (isClaimed ? 10n : 0n));
      if (isClaimed) claimed++;
      else returned++;
    }
    expect(claimed + returned).to.equal(TRIES);
  });

  it("is not claimed once the ledger has let it go back, whoever signs for it [R4, R-162, N-19]", async () => {
    const { code, secret } = await seen(20n);
    const payee = new TestDevice(bank, await bank.node.ledger.enrol("late payee", OTHER));
    const before = await has("anna");
    await isBack(async () => (await has("anna")) === before + 20n);
    const late = { kind: "claim", code: parseCode(networkId, code), password: PASSWORD } as const;
    await refusal("claim-expired", payee.ask(late));
    expect([...bank.node.ledger.state.coinsOf(ownerOf(secret))]).to.deep.equal([]);
  });

  it("goes back once when the gateway dies at any write [N-13, N-21]", async () => {
    let at = 0;
    for (let isCut = true; isCut; ) {
      const before = await has("anna");
      const back = () => isBack(async () => (await has("anna")) === before + 10n);
      bank.store.arm({ at: ++at, written: at % 2 === 0 });
      await sent(10n);
      try {
        await Promise.race([back(), bank.store.cut]);
      } catch (error) {
        if (!bank.store.isCut) throw error;
      }
      isCut = bank.store.isCut;
      bank.store.arm(undefined);
      if (isCut) {
        await bank.store.cut;
        await bank.restart();
      }
      await back();
    }
    expect(at).to.be.above(6);
    await until("all is paid", async () => (await has("recoveries")) === 0n);
  });
});
