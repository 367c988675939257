/** What devices are told of records: a signed statement, the reason, or that it is on its way. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { enrolmentId } from "../../protocol/enrolment.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { checkStatement } from "../../protocol/statement.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { coinsOf, enrolment, idOf, keyOf, networkId, pay, spend } from "../support/ledger-parts.ts";
import { corrupt } from "../support/leaves.ts";
import { until } from "../support/until.ts";
import { encodeRecord } from "../../protocol/record.ts";
import { ask, Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

const payer = keyOf("payer");

describe("statuses of records", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    await bank.node.ledger.enrol("payer", MEMBER);
    await bank.start();
    device = new TestDevice(bank, payer);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const statusOf = async (...ids: readonly Hex[]) =>
    (await device.ask({ kind: "status", ids: [...ids] })).records;
  const toSelf = [pay(payer, MEMBER, 5n)];
  const payment = async (counter = 0) =>
    spend({
      signer: payer,
      inputs: [await bank.node.ledger.coin(pay(payer, MEMBER, 5n))],
      outputs: toSelf,
      counter,
    });
  const submit = (...leaves: readonly { readonly bytes: Uint8Array }[]) =>
    device.ask({ kind: "submit", leaves: leaves.map(({ bytes }) => bytes) });

  it("are a statement signed by the issuer once a record has applied [R-005]", async () => {
    const record = await payment();
    await submit(record);
    await until("it has applied", () => bank.node.hasApplied(idOf(record)));
    const [status] = await statusOf(idOf(record));
    if (status?.state !== "applied") throw new Error(`it is ${status?.state}`);
    const { issuer } = bank.node.ledger.bank(MEMBER);
    checkStatement(networkId, status.statement, issuer.publicKey, portableVerifier);
    expect(status.statement).to.include({
      id: idOf(record),
      member: MEMBER,
      seq: bank.node.ledger.state.seq,
    });
  });

  it("come in the order asked: unknown, pending, applied", async () => {
    const applied = await payment(1);
    await submit(applied);
    await until("it has applied", () => bank.node.hasApplied(idOf(applied)));
    bank.node.gatherMs = undefined;
    const pending = await payment(2);
    await submit(pending);
    const unknown = await payment(3);
    const states = await statusOf(idOf(unknown), idOf(pending), idOf(applied), idOf(pending));
    expect(states.map(({ state }) => state)).to.deep.equal([
      "unknown",
      "pending",
      "applied",
      "pending",
    ]);
  });

  it("tell a payee that its coin is forged, and why, and that it applies should the coin come [R-030, R-164]", async () => {
    const coin = await bank.node.ledger.coin(pay(payer, MEMBER, 5n));
    const parent = await spend({ signer: payer, inputs: [coin], outputs: toSelf });
    const child = await spend({ signer: payer, inputs: [coinsOf(parent)[0]!], outputs: toSelf });
    await submit(child);
    const [status] = await statusOf(idOf(child));
    if (status?.state !== "refused") throw new Error(`it is ${status?.state}`);
    expect(status.reason.code).to.equal("unknown-coin");
    expect(status.reason.text).to.include(idOf(parent));
    await submit(parent);
    await until("both have applied", () => bank.node.hasApplied(idOf(child)));
    expect((await statusOf(idOf(child)))[0]!.state).to.equal("applied");
  });

  it("are pending while the parent is on its way, here or at the node [R-027]", async () => {
    bank.node.gatherMs = undefined;
    const coin = await bank.node.ledger.coin(pay(payer, MEMBER, 5n));
    const parent = await spend({ signer: payer, inputs: [coin], outputs: toSelf });
    const child = await spend({ signer: payer, inputs: [coinsOf(parent)[0]!], outputs: toSelf });
    await submit(parent, child);
    expect((await statusOf(idOf(child)))[0]!.state).to.equal("pending");
  });

  it("tell a payee that its coin was spent before, naming the record that took it [R-031, R-165]", async () => {
    const coin = await bank.node.ledger.coin(pay(payer, MEMBER, 5n));
    const first = await spend({ signer: payer, inputs: [coin], outputs: toSelf, counter: 1 });
    const second = await spend({ signer: payer, inputs: [coin], outputs: toSelf, counter: 2 });
    await submit(first);
    await until("the first has applied", () => bank.node.hasApplied(idOf(first)));
    await submit(second);
    await until("the second is refused", async () => {
      return (await statusOf(idOf(second)))[0]!.state === "refused";
    });
    const [status] = await statusOf(idOf(second));
    if (status?.state !== "refused") throw new Error(`it is ${status?.state}`);
    expect(status.reason.code).to.equal("spent");
    expect(status.reason.text).to.include(idOf(first));
  });

  it("tell why a leaf was turned down at the door", async () => {
    const [good, forged] = [await payment(1), await payment(2)];
    const bytes = encodeRecord({ ...forged, signature: corrupt(forged.signature, 9) });
    await submit(good, { bytes });
    const [status] = await statusOf(idOf(forged));
    if (status?.state !== "refused") throw new Error(`it is ${status?.state}`);
    expect(status.reason.code).to.equal("bad-signature");
  });

  it("are about enrolments, too", async () => {
    const leaf = await enrolment(keyOf("a phone"), 2, bank.node.ledger.bank(2).issuer);
    await submit(leaf);
    await until("it has applied", async () => {
      return (await statusOf(enrolmentId(networkId, leaf)))[0]!.state === "applied";
    });
  });

  it("are refused while the node is away: nothing is said that is not known", async () => {
    await bank.node.stop();
    await refusal("unavailable", statusOf(`0x${"ab".repeat(32)}`));
  });

  it("are told in plain words to anyone who has the id [N-21]", async () => {
    await bank.node.stop();
    const record = await payment();
    await submit(record);
    await bank.node.start();
    bank.node.gatherMs = undefined;
    const url = `${bank.url}/v1/records/${idOf(record)}`;
    const { state, sentences } = await ask<{ state: string; sentences: string[] }>(
      `${url}/explain`,
    );
    expect(state).to.equal("pending");
    expect(sentences[0]).to.equal("This gateway has it durably and hands it to its node.");
    expect(await ask(url)).to.deep.equal({ id: idOf(record), state: "pending" });
    const unknown = await ask<object>(`${bank.url}/v1/records/0x${"cd".repeat(32)}`);
    expect(unknown).to.include({ state: "unknown" });
    await refusal("malformed", ask(`${bank.url}/v1/records/0xzz`));
  });
});
