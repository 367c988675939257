/** Money under a code: claimed once, by who has the code and the password, however often and over restarts. */
import { argon2id } from "#argon2";
import { expect } from "chai";
import { codeSecret, formatCode, makeCode } from "../../../protocol/claim-code.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { idOf, networkId, pay, promise, spend } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { ask, Bank, MEMBER } from "../support/bank.ts";
import { TestDevice } from "../support/device.ts";
import { refusal } from "../support/refusal.ts";

const OTHER = 2;
const PASSWORD = "open sesame";
const MONTH_S = 30 * 86_400;

type ClaimView = { readonly record: Hex; readonly amount: string; readonly state: string };

describe("claims", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  beforeEach(async () => {
    bank = await Bank.open(await folder(), { settings: { "rates.claimsBurst": 100 } });
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 1_000n);
    await device.load(600n, [300n, 200n, 100n]);
    await bank.customer("bert", 0n);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  /** A code, and the device's record that locks money to it. */
  const pays = async (amount: bigint, custodian = MEMBER) => {
    const code = makeCode(systemRandom);
    const secret = await codeSecret(networkId, code, PASSWORD, argon2id);
    const coins = device.coins();
    const rest = device.balance() - amount;
    const outputs = [promise(secret, custodian, amount), pay(device.key, MEMBER, rest)];
    const record = await spend({ signer: device.key, inputs: coins, outputs });
    return { code: formatCode(networkId, code), record };
  };
  const sent = async (amount: bigint, custodian = MEMBER) => {
    const { code, record } = await pays(amount, custodian);
    await device.ask({ kind: "submit", leaves: [record.bytes] });
    await until("the ledger has it", () => bank.node.hasApplied(idOf(record)));
    return code;
  };
  const claim = (code: string, password = PASSWORD, account = "bert") =>
    ask<ClaimView>(`${bank.url}/v1/claims`, { code, password, account });
  const atCounter = (code: string, password = PASSWORD, account = "bert") =>
    bank.staff<ClaimView>("/v1/counter/claims", { code, password, account });
  const paid = (code: string) =>
    until("the claim is paid", async () => (await claim(code)).state === "paid");
  const codeOf = async (call: Promise<unknown>) => {
    try {
      await call;
    } catch (error) {
      if (isRefusal(error)) return error.code;
      throw error;
    }
    return undefined;
  };
  const has = async (account: string) => (await bank.balance(account)).available;
  const tryAll = async (code: string) => {
    for (let i = 0; i < limits.codeTriesMax; i++) {
      await refusal("wrong-claim", claim(code, `wrong ${i}`));
    }
  };

  it("pays who has code and password, into an account of the bank's, and the books tie out [R-049, R-081]", async () => {
    const code = await sent(250n);
    const first = await claim(code.toLowerCase().replaceAll("-", " "));
    expect(first).to.include({ amount: "250" });
    await paid(code);
    expect(await claim(code)).to.deep.equal({ ...first, state: "paid" });
    expect(await has("bert")).to.equal("250");
    await until("the device's balance is known", async () => {
      return (await bank.balance("anna")).onDevices === "350";
    });
    const books = await bank.staff("/v1/books");
    expect(books).to.include({ total: "0", settlement: "0", held: "0" });
  });

  it("pays at the counter, where cash goes out of the till's account once [R-049]", async () => {
    await bank.customer("till", 0n);
    const code = await sent(250n);
    const { record } = await atCounter(code, PASSWORD, "till");
    await until("the claim is paid", async () => {
      return (await atCounter(code, PASSWORD, "till")).state === "paid";
    });
    const withdrawal = { amount: "250", reference: record };
    await bank.staff("/v1/accounts/till/withdrawals", withdrawal);
    await bank.staff("/v1/accounts/till/withdrawals", withdrawal);
    expect(await has("till")).to.equal("0");
  });

  it("credits once, whoever asks how often at once and over restarts [N-13]", async () => {
    const code = await sent(250n);
    const answers = await Promise.all([claim(code), claim(code), atCounter(code)]);
    expect(new Set(answers.map(({ record }) => record)).size).to.equal(1);
    await bank.restart();
    await paid(code);
    await bank.restart();
    await paid(code);
    const entries = await bank.staff<{ kind: string }[]>("/v1/accounts/bert/statement");
    expect(entries.filter(({ kind }) => kind === "credit")).to.have.length(1);
    expect(await has("bert")).to.equal("250");
  });

  for (const written of [true, false]) {
    const how = written ? "written" : "lost";
    it(`does it once when it dies at any write, ${how} [N-13, N-21]`, async () => {
      const claimed = async (code: string, total: number) => {
        await until("it is claimed", async () => (await codeOf(claim(code))) === undefined);
        await until("the account has it", async () => (await has("bert")) === String(total));
      };
      let cuts = 0;
      for (let at = 1, wasCut = true; wasCut; at++) {
        const code = await sent(10n);
        await bank.stop();
        try {
          await bank.start({ at, written });
          await Promise.race([claimed(code, 10 * at), bank.store.cut]);
        } catch (error) {
          if (!bank.store.isCut) throw error;
        }
        wasCut = bank.store.isCut;
        if (wasCut) cuts++;
        await bank.restart();
        await claimed(code, 10 * at);
      }
      expect(cuts).to.be.above(4);
    });
  }

  it("answers a wrong password, a code nobody made and money not on the ledger yet alike [R-049]", async () => {
    const { code, record } = await pays(250n);
    const unknown = formatCode(networkId, makeCode(systemRandom));
    const early = await refusal("wrong-claim", claim(code));
    bank.node.sequenceForeign([record.bytes]);
    const wrong = await refusal("wrong-claim", claim(code, "open barley"));
    const none = await refusal("wrong-claim", claim(unknown, PASSWORD, "nobody"));
    expect(new Set([early, wrong, none].map(({ detail }) => detail)).size).to.equal(1);
    await claim(code);
  });

  it("locks a code after five wrong tries, over restarts, until the counter unlocks it", async () => {
    const code = await sent(250n);
    await tryAll(code);
    await refusal("code-locked", claim(code));
    await bank.restart();
    await refusal("code-locked", atCounter(code));
    expect(await has("bert")).to.equal("0");
    await bank.staff("/v1/counter/claims/unlock", { code });
    await claim(code);
    await paid(code);
  });

  it("grants no more tries to who makes them at once", async () => {
    const code = await sent(250n);
    const tries = Array.from({ length: 12 }, (_, i) => codeOf(claim(code, `wrong ${i}`)));
    const codes = await Promise.all(tries);
    expect(codes.filter((each) => each === "wrong-claim")).to.have.length(limits.codeTriesMax);
    await refusal("code-locked", claim(code));
  });

  it("forgets tries after a month without any, and the right password forgets them at once", async () => {
    const code = await sent(250n);
    await tryAll(code);
    bank.pass(MONTH_S);
    await bank.restart();
    await refusal("wrong-claim", claim(code, "wrong again"));
    for (let i = 0; i < 2 * limits.codeTriesMax; i++) await claim(code);
  });

  it("bounds what strangers may try together, and leaves the counter free [N-19]", async () => {
    const unknown = () => formatCode(networkId, makeCode(systemRandom));
    bank = await reopened({ "rates.claimsBurst": 2 });
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(claim(unknown()))));
    expect(codes).to.have.members(["rate-limited", "wrong-claim", "wrong-claim"]);
    await refusal("wrong-claim", atCounter(unknown()));
  });

  it("refuses a second claim for another account, and shows the first to its own", async () => {
    const code = await sent(250n);
    await claim(code);
    await refusal("claim-spent", claim(code, PASSWORD, "anna"));
    await paid(code);
    await refusal("claim-spent", claim(code, PASSWORD, "anna"));
    expect(await has("anna")).to.equal("400");
  });

  it("takes nothing for an account that is not there, or closed", async () => {
    const code = await sent(250n);
    await refusal("not-found", claim(code, PASSWORD, "nobody"));
    await bank.customer("closed", 0n);
    await bank.staff("/v1/accounts/closed/close", {});
    await refusal("conflict", claim(code, PASSWORD, "closed"));
    await claim(code);
    await paid(code);
  });

  it("says nothing of money that waits at another bank: that bank counts the tries [N-19]", async () => {
    await refusal("wrong-claim", claim(await sent(250n, OTHER)));
  });

  it("refuses a code that was not copied right, without counting it", async () => {
    const code = await sent(250n);
    const other = code[0] === "0" ? `1${code.slice(1)}` : `0${code.slice(1)}`;
    for (let i = 0; i < 6; i++) await refusal("malformed", claim(other));
    await refusal("malformed", claim(code, "abc"));
    await claim(code);
  });

  it("says nothing of codes while the node is away, and counts no try [N-25]", async () => {
    const code = await sent(250n);
    await bank.node.stop();
    await until("the gateway knows", async () => (await codeOf(claim(code))) === "unavailable");
    for (let i = 0; i < limits.codeTriesMax; i++) await refusal("unavailable", claim(code));
    await bank.node.start();
    await until(
      "the node is back",
      async () => (await fetch(`${bank.gateway.managementUrl}/readyz`)).ok,
    );
    await claim(code);
  });

  async function reopened(settings: Record<string, number>): Promise<Bank> {
    await bank[Symbol.asyncDispose]();
    const fresh = await Bank.open(await folder(), { settings });
    await fresh.start();
    return fresh;
  }
});
