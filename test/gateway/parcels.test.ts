/** What couriers bring to a gateway: parcels for its own member, and for others, which it hands on. */
import { expect } from "chai";
import { acknowledgedRoot } from "../../protocol/acknowledgement.ts";
import type { Ask } from "../../protocol/ask.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { decodeDeviceReply } from "../../protocol/device-reply.ts";
import type { SignedDeviceRequest } from "../../protocol/device-request.ts";
import { makeSealingKey } from "../../protocol/hpke.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { decodeParcelState, openAnswer, parcelId, sealParcel } from "../../protocol/parcel.ts";
import { systemRandom } from "../../protocol/random.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { Courier } from "../../device/courier/courier.ts";
import { HttpParcelGateway } from "../../device/courier/parcel-gateway.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { freePort } from "../support/free-port.ts";
import { idOf, networkId, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, intakeKey, MEMBER } from "./support/bank.ts";
import { post, TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

const DAY_MS = 86_400_000;
const OTHER = 2;

describe("parcels", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;
  const answerKey = makeSealingKey(systemRandom);

  beforeEach(async () => {
    bank = await Bank.open(await folder(), { settings: { "devices.port": await freePort() } });
    await bank.start();
    device = new TestDevice(bank, await bank.node.ledger.enrol("payer", MEMBER));
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const payment = async (amount = 5n) => {
    const coin = await bank.node.ledger.coin(pay(device.key, MEMBER, amount));
    return spend({
      signer: device.key,
      inputs: [coin],
      outputs: [pay(device.key, MEMBER, amount)],
    });
  };
  const seal = async (request: SignedDeviceRequest, key = intakeKey.publicKey) =>
    (await sealParcel(networkId, request, key, answerKey.publicKey, systemRandom)).bytes;
  const parcelOf = async (ask: Ask, key?: Uint8Array) =>
    seal(await device.request(ask, { signedTime: bank.now() - 30 * DAY_MS }), key);
  const parcelWith = async (...records: readonly SignedRecord[]) =>
    parcelOf({ kind: "submit", leaves: records.map(({ bytes }) => bytes) });
  const hand = async (to: Bank, parcel: Uint8Array) =>
    decodeParcelState(await post(`${to.url}/v1/parcels`, parcel));
  const replyTo = async (to: Bank, parcel: Uint8Array) => {
    const state = await hand(to, parcel);
    if (state.state !== "answered") throw new Error("the parcel is kept");
    return decodeDeviceReply(await openAnswer(networkId, answerKey, state.answer));
  };
  /** Another member's gateway, that knows where the first one is. */
  const relay = async (settings = {}) => {
    const port = new URL(bank.url).port;
    const gateways = [{ member: MEMBER, url: `http://127.0.0.1:${port}` }];
    const options = { member: OTHER, gateways, settings: { "couriers.retryMs": 50, ...settings } };
    const other = await Bank.open(await folder(), options);
    await other.start();
    return other;
  };

  it("are opened by the member they are for, whenever they come, and answered to the key inside [N-14]", async () => {
    const record = await payment();
    const parcel = await parcelWith(record);
    const reply = await replyTo(bank, parcel);
    if (reply.outcome !== "answered" || reply.answer.kind !== "submit") throw new Error("refused");
    expect(reply.answer.acknowledgement.root).to.equal(acknowledgedRoot([leafHash(record.bytes)]));
    await until("it has applied", () => bank.node.hasApplied(idOf(record)));
    const asked = await replyTo(bank, await parcelOf({ kind: "status", ids: [idOf(record)] }));
    if (asked.outcome !== "answered" || asked.answer.kind !== "status") throw new Error("refused");
    expect(asked.answer.records[0]).to.include({ state: "applied" });
  });

  it("are refused inside the answer, so that a courier learns not even that [N-14, R-103]", async () => {
    const nosy = await parcelOf({ kind: "receipts", outpoints: [] });
    const forged = await device.request({ kind: "status", ids: [idOf(await payment())] });
    forged.bytes[forged.bytes.length - 1]! ^= 1;
    for (const [code, parcel] of [
      ["forbidden", nosy],
      ["bad-signature", await seal(forged)],
    ] as const) {
      const reply = await replyTo(bank, parcel);
      expect(reply).to.have.nested.property("reason.code", code);
    }
  });

  it("are turned away where they do not open, or are none [N-14, R-152]", async () => {
    const parcel = await parcelWith(await payment());
    const changed = parcel.slice();
    changed[300]! ^= 1;
    await refusal("not-for-us", hand(bank, changed));
    const stranger = NodeSigner.generate().publicKey;
    const wrong = await parcelOf({ kind: "status", ids: [idOf(await payment())] }, stranger);
    await refusal("not-for-us", hand(bank, wrong));
    await refusal("malformed", hand(bank, parcel.subarray(0, -1)));
  });

  it("of other members are handed on at once, and the answer comes back the same way [N-14]", async () => {
    await using other = await relay();
    const record = await payment();
    const reply = await replyTo(other, await parcelWith(record));
    expect(reply.outcome).to.equal("answered");
    await until("it has applied", () => bank.node.hasApplied(idOf(record)));
    expect(other.node.hasApplied(idOf(record))).to.equal(false);
  });

  it("are kept while their member is away, over a restart, and settle although all who paid are gone [N-14]", async () => {
    await using other = await relay();
    const record = await payment(40n);
    const parcel = await parcelWith(record);
    await bank.stop();
    const courier = await Courier.open({
      networkId,
      store: new MemoryPurseStore(),
      clock: () => bank.now(),
    });
    const id = await courier.take(parcel);
    const door = new HttpParcelGateway(other.url, fetch);
    expect(await courier.deliver(door)).to.deep.equal({ answered: 0, kept: 1, refused: 0 });
    device = undefined as never;
    await other.restart();
    await bank.start();
    await until("the payment has settled", () => bank.node.hasApplied(idOf(record)));
    const back = new HttpParcelGateway(other.url, fetch);
    await until("the answer is there", async () => (await courier.deliver(back)).answered === 1);
    const answer = courier.answerTo(id)!;
    const reply = decodeDeviceReply(await openAnswer(networkId, answerKey, { id, bytes: answer }));
    expect(reply.outcome).to.equal("answered");
  });

  it("have one effect, whoever brings them and how often [N-14]", async () => {
    await using other = await relay();
    const record = await payment();
    const parcel = await parcelWith(record);
    const states = await Promise.all(
      [bank, other, other, bank, other].map((to) => hand(to, parcel)),
    );
    expect(states.map(({ state }) => state)).to.deep.equal(Array(5).fill("answered"));
    await until("it has applied", () => bank.node.hasApplied(idOf(record)));
    expect(device.balance()).to.equal(5n);
  });

  it("of members nobody knows here are turned away, and taken elsewhere", async () => {
    const request = await device.request({ kind: "certify" }, { member: 77 });
    await refusal("unknown-member", hand(bank, await seal(request)));
  });

  it("of strangers are bounded: so many are kept, none that its member refuses, none for ever [N-14]", async () => {
    await using other = await relay({ "couriers.parcelsMax": 3, "couriers.keepMs": 3_600_000 });
    const stranger = NodeSigner.generate().publicKey;
    const junk = async () =>
      parcelOf({ kind: "status", ids: [toHex(systemRandom(32)) as Hex] }, stranger);
    await refusal("not-for-us", hand(other, await junk()));
    await bank.stop();
    const kept = [await junk(), await junk(), await junk()];
    for (const parcel of kept) expect((await hand(other, parcel)).state).to.equal("kept");
    await refusal("busy", hand(other, await junk()));
    expect((await hand(other, kept[0]!)).state).to.equal("kept");
    await bank.start();
    const isDropped = (parcel: Uint8Array) =>
      other.log.some(
        (line) =>
          line.includes("its member refuses it") && line.includes(parcelId(networkId, parcel)),
      );
    await until("the junk is gone", () => kept.every(isDropped));
    await bank.stop();
    const late = await parcelWith(await payment());
    for (const parcel of [late, await junk(), await junk()]) await hand(other, parcel);
    await refusal("busy", hand(other, await junk()));
    other.ahead = 3_600_001;
    expect((await hand(other, await junk())).state).to.equal("kept");
  });
});
