/** Lists that strangers put into messages, and lists that do not fit: they cost nobody a payment, and change nothing. */
import { expect } from "chai";
import type { CarriedList } from "../../protocol/carried-lists.ts";
import { signConfirmation } from "../../protocol/confirmation.ts";
import { ownerOf } from "../../protocol/key.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { bundleOf, forge, nonceOf, seal } from "./support/forger.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, type Device, exchange, networkId, total, World } from "./support/world.ts";

describe("lists in a message that are not in order", () => {
  let world: World;
  let ada: Device;
  let ben: Device;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    ben = await world.device("Ben", { coins: [100n] });
  });

  /** Forged, stale, foreign and broken ones; were any of them taken, Ada and Ben could not pay any more. */
  async function harmful(): Promise<CarriedList[]> {
    const both = [ada.owner, ben.owner];
    const stranger = keyOf("a stranger");
    return [
      await world.trustList({}, [{ member: 1, status: 3 }], stranger),
      await world.trustList({ version: 0 }, [{ member: 1, status: 3 }]),
      await world.emergency({ payment: 0, balance: 0, depth: 0 }, {}, stranger),
      await world.emergency({ balance: 0 }, { issued: 0, notBefore: 0, notAfter: world.now }),
      await world.revocations(1, both, {}, stranger),
      await world.revocations(1, both, {}, world.ledger.bank(2).issuer),
      await world.revocations(1, both, { version: 0 }),
      { kind: "revocations", bytes: Uint8Array.of(1, 2, 3) },
      { kind: "trust", bytes: new Uint8Array(200) },
      { kind: "emergency", bytes: new Uint8Array() },
    ];
  }

  it("are passed over in message 2: the payment is taken all the same [N-04]", async () => {
    const { versions, signedTime } = ben.purse.identity();
    const mal = await world.device("Mal");
    const [receipt] = await world.load(mal, [10n]);
    const request = await ben.purse.request(10n);
    const payment = await forge({
      signer: mal.signer,
      inputs: [receipt!.outpoint],
      outputs: [pay(ben.signer, 1, 10n)],
      nonce: nonceOf(request),
    });
    world.pass(DAY_MS);
    const bundle = bundleOf(payment, [mal.purse.identity().certificate!], [receipt!]);
    const received = await ben.purse.receive(await seal(request, bundle, await harmful()));
    expect(received).to.include({ amount: 10n, refusal: undefined });
    expect(ben.purse.identity()).to.deep.include({ versions, signedTime });
    await exchange(ben, ada, 1n);
  });

  it("are passed over in message 3: the change is free all the same [N-04]", async () => {
    const { versions, signedTime } = ada.purse.identity();
    const received = await ben.purse.receive(await ada.purse.pay(await ben.purse.request(10n)));
    const { status, id } = received.confirmation;
    world.pass(DAY_MS);
    const fields = { status, id, lists: await harmful() };
    const answer = await signConfirmation(networkId, fields, ben.signer);
    await ada.purse.confirm(answer.bytes);
    expect(ada.purse.identity()).to.deep.include({ versions, signedTime });
    await exchange(ada, ben, 1n);
  });

  it("cost their sender the message where they are oversized, and the receiver nothing [N-04]", async () => {
    const received = await ben.purse.receive(await ada.purse.pay(await ben.purse.request(10n)));
    const { bytes } = received.confirmation;
    const oversized = Uint8Array.of(...bytes.subarray(0, 98), 1, 1, 2, 1, ...new Uint8Array(515));
    const refusal = await refused("malformed", ada.purse.confirm(oversized));
    expect(refusal.place?.field).to.equal("lists[0]");
    await ada.purse.confirm(bytes);
    expect(total(ada.purse)).to.equal(90n);
  });

  it("do not ride along where they are too long: they come from gateways, and payments go on [N-04]", async () => {
    const many = Array.from({ length: 60 }, (_, i) => ownerOf(keyOf(`lost ${i}`).publicKey));
    const long = await world.revocations(1, many);
    const short = await world.revocations(2);
    expect(long.bytes.length).to.be.above(512);
    await ada.purse.refresh({ lists: [long, short] });
    const version = (device: Device, member: number) =>
      device.purse.identity().versions.find((each) => each.member === member)!.version;
    const before = version(ben, 1);
    await exchange(ada, ben, 10n);
    await exchange(ben, ada, 10n);
    expect(version(ben, 1)).to.equal(before);
    expect(version(ben, 2)).to.equal(version(ada, 2));
    await ben.purse.refresh({ lists: [long] });
    expect(version(ben, 1)).to.equal(version(ada, 1));
  });
});

describe("a card without a clock", () => {
  it("refuses a coin that has expired once it has met one fresher device [N-05]", async () => {
    const world = new World();
    world.deviceClock = () => 0;
    const old = await world.device("Old", { coins: [10n, 10n] });
    const card = await world.device("Card");
    world.pass(4 * DAY_MS);
    const lists = await world.lists();
    for (const { name, purse } of [old, card]) {
      await purse.refresh({ lists, certificate: await world.certificate(name) });
    }
    world.pass(4 * DAY_MS);
    // The coins' receipts ended a day ago, which neither of the two can know.
    await exchange(old, card, 10n);
    const fresh = await world.device("Fresh", { coins: [1n] });
    await exchange(fresh, card, 1n);
    expect(card.purse.identity().signedTime).to.equal(world.now);
    const payment = await old.purse.pay(await card.purse.request(10n));
    await refused("expired", card.purse.receive(payment));
    expect(total(card.purse)).to.equal(11n);
    await card.purse.refresh({ lists });
    expect(card.purse.identity().signedTime).to.equal(world.now);
  });
});
