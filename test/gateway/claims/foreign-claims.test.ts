/** Money that waits at one bank, claimed at another: once, by who has code and password, whoever is away or dies. */
import { argon2id } from "#argon2";
import { expect } from "chai";
import { type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode, parseCode } from "../../../protocol/claim-code.ts";
import { encodeLeaves } from "../../../protocol/leaf-list.ts";
import { limits } from "../../../protocol/limits.ts";
import { decodeParcelState } from "../../../protocol/parcel.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { ForeignClaimView } from "../../../gateway/claims/foreign-claims.ts";
import { keys, ranges } from "../../../gateway/keys.ts";
import { encodeRow } from "../../../gateway/row.ts";
import { NodeClient } from "../../../node/client.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { freePort } from "../../support/free-port.ts";
import { idOf, networkId, pay, promise, spend } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { ask, Bank, MEMBER } from "../support/bank.ts";
import { post, TestDevice } from "../support/device.ts";
import { refusal } from "../support/refusal.ts";

const OTHER = 2;
const PASSWORD = "open sesame";

describe("claims at another member", () => {
  const folder = temporaryFolders();
  let custodian: Bank;
  let asker: Bank;
  let device: TestDevice;

  before(async () => {
    const settings = { "devices.port": await freePort(), "rates.claimsBurst": 1000 };
    custodian = await Bank.open(await folder(), { settings });
    custodian.node.ledger.deposit(MEMBER, 100_000n);
    await custodian.start();
    asker = await Bank.open(await folder(), {
      member: OTHER,
      node: custodian.node,
      gateways: [{ member: MEMBER, url: custodian.url }],
      settings: { "couriers.retryMs": 50, "rates.claimsBurst": 1000 },
    });
    await asker.start();
    device = await TestDevice.enrolled(custodian, "anna", 50_000n);
    await device.load(20_000n);
  });
  after(async () => {
    await asker[Symbol.asyncDispose]();
    await custodian[Symbol.asyncDispose]();
  });

  /** A code under which the custodian's device has put money. */
  const sent = async (amount = 10n) => {
    const code = makeCode(systemRandom);
    const secret = await codeSecret(networkId, code, PASSWORD, argon2id);
    const rest = device.balance() - amount;
    const outputs = [promise(secret, MEMBER, amount), pay(device.key, MEMBER, rest)];
    const record = await spend({ signer: device.key, inputs: device.coins(), outputs });
    custodian.node.sequenceForeign([record.bytes]);
    expect(custodian.node.hasApplied(idOf(record))).to.equal(true);
    return formatCode(networkId, code);
  };
  const account = async () => {
    const name = `payee-${toHex(systemRandom(6)).slice(2)}`;
    await asker.customer(name, 0n);
    return name;
  };
  const claim = (code: string, to: string, password = PASSWORD, bank = MEMBER) => {
    const body = { code, password, account: to, bank };
    return asker.staff<ForeignClaimView>("/v1/counter/claims", body);
  };
  const isTaken = (asked: Promise<unknown>) =>
    asked.then(
      () => true,
      (error: unknown) => {
        if (isRefusal(error, "unavailable")) return false;
        throw error;
      },
    );
  const stateOf = ({ claim: id }: ForeignClaimView) =>
    ask<ForeignClaimView>(`${asker.url}/v1/claims/${id}`);
  const paid = (view: ForeignClaimView) =>
    until("the claim is paid", async () => (await stateOf(view)).state === "paid");
  const has = async (name: string) => (await asker.balance(name)).available;
  const creditsOf = async (name: string) =>
    (await asker.staff<{ kind: string }[]>(`/v1/accounts/${name}/statement`)).filter(
      ({ kind }) => kind === "credit",
    );

  it("pay the payee's account there, once, however often asked and over restarts [R-049, R-162, N-13, N-19]", async () => {
    const [code, bert] = [await sent(250n), await account()];
    const before = custodian.node.ledger.state.custodyOf(OTHER);
    const first = await claim(code, bert);
    expect(first).to.include({ bank: MEMBER, amount: "250" });
    await paid(first);
    await asker.restart();
    const again = await Promise.all([claim(code, bert), claim(code, bert)]);
    for (const view of again) expect(view).to.include({ claim: first.claim, state: "paid" });
    expect(await has(bert)).to.equal("250");
    expect(await creditsOf(bert)).to.have.length(1);
    const moved = custodian.node.ledger.state.custodyOf(OTHER) - before;
    expect(moved).to.equal(250n);
    for (const bank of [custodian, asker]) {
      expect(await bank.staff("/v1/books")).to.include({ total: "0", held: "0" });
    }
  });

  it("come over the network as they do to a counter, and the asking bank says how each stands [R-049]", async () => {
    const [code, bert] = [await sent(), await account()];
    const body = { code, password: PASSWORD, account: bert, bank: MEMBER };
    const view = await ask<ForeignClaimView>(`${asker.url}/v1/claims`, body);
    await paid(view);
    const seen = await asker.staff<ForeignClaimView>(`/v1/counter/claims/${view.claim}`);
    expect(seen).to.include({ state: "paid", record: view.record, amount: "10" });
    await refusal("not-found", ask(`${asker.url}/v1/claims/0x${"00".repeat(16)}`));
  });

  it("are tried at the custodian alone, so many times through all banks together [R-049, N-19]", async () => {
    const [code, bert] = [await sent(), await account()];
    const wrongHere = { code, password: "wrong", account: "anna" };
    for (let i = 0; i < limits.codeTriesMax; i++) {
      const isHere = i % 2 === 0;
      const tried = isHere
        ? custodian.staff("/v1/counter/claims", wrongHere)
        : claim(code, bert, `wrong ${i}`);
      await refusal("wrong-claim", tried);
    }
    await refusal("code-locked", claim(code, bert));
    // Not even the right password is a hint at a bank that is not the custodian.
    const unasked = { code, password: PASSWORD, account: bert };
    await refusal("wrong-claim", asker.staff("/v1/counter/claims", unasked));
    await custodian.staff("/v1/counter/claims/unlock", { code });
    await paid(await claim(code, bert));
  });

  it("wait while the custodian is away, say why, and are paid when it is back, over a restart [N-14, N-21]", async () => {
    const [code, bert] = [await sent(), await account()];
    await custodian.stop();
    const view = await claim(code, bert);
    expect(view).to.include({ state: "waiting" }).and.not.to.have.property("record");
    expect((await stateOf(view)).reason).to.have.property("code", "unavailable");
    await asker.restart();
    await custodian.start();
    await paid(view);
    expect(await has(bert)).to.equal("10");
    expect(await stateOf(view)).to.not.have.property("reason");
  });

  for (const who of ["custodian", "asking bank"] as const) {
    it(`are paid once when the ${who} dies at any write [N-13, N-21]`, async () => {
      const bank = who === "custodian" ? custodian : asker;
      let at = 0;
      for (let isCut = true; isCut; ) {
        const [code, to] = [await sent(), await account()];
        const isPaid = async () => {
          await until("it is claimed", () => isTaken(claim(code, to)));
          await until("the account has it", async () => (await has(to)) === "10");
        };
        bank.store.arm({ at: ++at, written: at % 2 === 0 });
        try {
          await Promise.race([isPaid(), bank.store.cut]);
        } catch (error) {
          if (!bank.store.isCut) throw error;
        }
        isCut = bank.store.isCut;
        bank.store.arm(undefined);
        if (isCut) {
          await bank.store.cut;
          await bank.restart();
        }
        await isPaid();
        expect(await creditsOf(to)).to.have.length(1);
      }
      expect(at).to.be.above(4);
    });
  }

  it("leave neither code nor password at the asking bank, and a parcel that comes again is the same try [R-049, R-152]", async () => {
    const [code, bert] = [await sent(), await account()];
    await custodian.stop();
    const { claim: id } = await claim(code, bert, "a wrong one");
    const rows: Buffer[] = [];
    for await (const [, value] of asker.store.entries()) rows.push(Buffer.from(value));
    const written = Buffer.concat([...rows, Buffer.from(asker.log.join("\n"))]);
    const raw = parseCode(networkId, code);
    for (const secret of [raw, utf8.encode(toHex(raw).slice(2)), utf8.encode("a wrong one")]) {
      expect(written.includes(Buffer.from(secret))).to.equal(false);
    }
    const row = JSON.parse(utf8.decode((await asker.store.get(keys.foreignClaim(id)))!, "row"));
    await custodian.start();
    await until(
      "it is refused",
      async () => (await stateOf({ claim: id } as never)).state === "refused",
    );
    const parcel = Buffer.from(row.asked.parcel.slice(2), "hex");
    for (let i = 0; i < 2 * limits.codeTriesMax; i++) {
      const state = decodeParcelState(await post(`${custodian.url}/v1/parcels`, parcel));
      expect(state.state).to.equal("answered");
    }
    await paid(await claim(code, bert));
  });

  it("are refused by code: unknown, spent, of no member, for no account [R-049, R-152]", async () => {
    const [code, bert, cleo] = [await sent(), await account(), await account()];
    await refusal("wrong-claim", claim(formatCode(networkId, makeCode(systemRandom)), bert));
    await refusal("malformed", claim("abc", bert));
    await refusal("malformed", claim(code, bert, "abc"));
    await refusal("not-found", claim(code, "nobody"));
    await refusal("unknown-member", claim(code, bert, PASSWORD, 77));
    await asker.staff(`/v1/accounts/${cleo}/close`, {});
    await refusal("conflict", claim(code, cleo));
    const view = await claim(code, bert);
    await refusal("claim-spent", claim(code, await account()));
    const here = { code, password: PASSWORD, account: "anna" };
    await refusal("claim-spent", custodian.staff("/v1/counter/claims", here));
    await paid(view);
    expect(await creditsOf(bert)).to.have.length(1);
  });

  it("are asked for again though one before them cannot be", async () => {
    const [codes, bert] = [[await sent(), await sent()], await account()];
    await custodian.stop();
    const [first, second] = [await claim(codes[0]!, bert), await claim(codes[1]!, bert)];
    const key = keys.foreignClaim(first.claim);
    const rowNow = async () => JSON.parse(utf8.decode((await asker.store.get(key))!, "row"));
    // Its answer comes, and cannot be opened with this. A round that is under way may write over it.
    await until("it is forgotten how the answer is opened", async () => {
      const { asked, ...row } = await rowNow();
      await asker.store.write([
        { key, value: encodeRow({ ...row, asked: { ...asked, answerKey: null } }) },
      ]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return (await rowNow()).asked.answerKey === null;
    });
    // Until that is seen no money comes, which would tell without an answer.
    custodian.node.gatherMs = undefined;
    await custodian.start();
    await until("the log says which", () =>
      asker.log.some(
        (line) => line.includes("could not be asked for") && line.includes(first.claim),
      ),
    );
    custodian.node.gatherMs = 2;
    custodian.node.sequence();
    await paid(second);
    // Its money says whose it is, and whoever comes later does not wait for it either.
    await paid(first);
    expect(await has(bert)).to.equal("20");
    await custodian.stop();
    const third = await claim(await sent(), bert);
    await custodian.start();
    await paid(third);
  });

  it("credit an account also where the answer was lost and the asking given up", async () => {
    const [code, bert] = [await sent(), await account()];
    const { node } = custodian;
    await custodian.stop();
    const view = await claim(code, bert);
    const row = JSON.parse(
      utf8.decode((await asker.store.get(keys.foreignClaim(view.claim)))!, "row"),
    );
    asker.ahead = 15 * 86_400_000;
    await until("it is given up", async () => (await stateOf(view)).state === "refused");
    await custodian.start();
    await post(`${custodian.url}/v1/parcels`, Buffer.from(row.asked.parcel.slice(2), "hex"));
    await paid(view);
    asker.ahead = 0;
    expect(await has(bert)).to.equal("10");
    expect(node.waiting).to.equal(0);
  });

  it("pay a device of another member's that signs for it, on the ledger alone [R-049, N-19]", async () => {
    const code = await sent(40n);
    const payee = new TestDevice(custodian, await custodian.node.ledger.enrol("payee", OTHER));
    const request = {
      kind: "claim",
      code: parseCode(networkId, code),
      password: PASSWORD,
    } as const;
    const { id, amount } = await payee.ask(request);
    expect(amount).to.equal(40n);
    await until("the device has it", () => payee.balance() === 40n);
    await until("the bank knows", async () => (await payee.ask(request)).state === "applied");
    expect(await payee.ask(request)).to.include({ id });
    const stranger = new TestDevice(custodian, await custodian.node.ledger.enrol("thief", OTHER));
    await refusal("claim-spent", stranger.ask(request));
    await refusal("unknown-member", new TestDevice(custodian).ask(request));
  });

  it("that came to nothing are forgotten in time; the others are credited once for good", async () => {
    const [code, bert] = [await sent(), await account()];
    await paid(await claim(code, bert));
    await refusal("wrong-claim", claim(formatCode(networkId, makeCode(systemRandom)), bert));
    const count = async () => {
      const rows = await Array.fromAsync(asker.store.entries(ranges.foreignClaims));
      return rows.filter(([, value]) => !utf8.decode(value, "row").includes('"paid"')).length;
    };
    expect(await count()).to.be.above(0);
    asker.ahead = 61 * 86_400_000;
    await asker.restart();
    await until("they are gone", async () => (await count()) === 0);
    await until("the vault's coins were met again", async () => {
      const { coins } = await asker.staff<{ coins: number }>("/v1/vault");
      return coins > 0;
    });
    asker.ahead = 0;
    expect(await has(bert)).to.equal("10");
    expect(await has("suspense")).to.equal("0");
  });

  it("that were paid are forgotten in time once their coin has left the vault, and their record brings nothing again [N-13]", async () => {
    const [code, bert] = [await sent(), await account()];
    const view = await claim(code, bert);
    await paid(view);
    const { record } = (await stateOf(view)) as { record: Hex };
    const isKept = async () => (await asker.store.get(keys.foreignClaim(view.claim))) !== undefined;
    asker.ahead = 61 * 86_400_000;
    await asker.restart();
    await untilSwept();
    expect(await isKept(), "its coin is in the vault").to.equal(true);
    // A few coins at a time: a record takes so many and no more.
    await until("the vault is empty", async () => {
      const vault = await asker.staff<{ amount: string; spending: number }>("/v1/vault");
      if (vault.spending > 0) return false;
      if (vault.amount === "0") return true;
      const amount = String(Math.min(Number(vault.amount), 50));
      await asker.staff("/v1/vault/burns", { amount });
      return false;
    });
    await asker.restart();
    await until("it is forgotten", async () => !(await isKept()));
    const leaf = await new NodeClient({ url: custodian.node.url }).leaf(record);
    await post(`${asker.url}/v1/leaves`, encodeLeaves([leaf]));
    await until("it has come to its end once more", async () => {
      const { leaves } = await asker.staff<{ leaves: number }>("/v1/intake");
      return leaves === 0;
    });
    asker.ahead = 0;
    expect(await has(bert)).to.equal("10");
    expect(await has("suspense")).to.equal("0");
  });

  /** By a sweep that goes through all claims: the last of them is one that came to nothing. */
  async function untilSwept(): Promise<void> {
    const older = { account: "none", bank: MEMBER, made: 0, reason: { code: "wrong-claim" } };
    const key = keys.foreignClaim(`0x${"ff".repeat(16)}`);
    await asker.store.write([{ key, value: encodeRow(older) }]);
    await asker.restart();
    await until("it is swept", async () => (await asker.store.get(key)) === undefined);
  }
});
