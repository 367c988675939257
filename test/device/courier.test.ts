/** Couriers: any device carries others' parcels to a gateway and the answers back, and learns and loses nothing but time. */
import { expect } from "chai";
import { concat, type Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { encodeParcelState, decodeParcelState, parcelId } from "../../protocol/parcel.ts";
import { systemRandom } from "../../protocol/random.ts";
import { Courier } from "../../device/courier/courier.ts";
import type { ParcelGateway } from "../../device/courier/parcel-gateway.ts";
import { Sender } from "../../device/courier/sender.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { TestGateway } from "./support/gateway.ts";
import { TestParcelGateway } from "./support/parcel-gateway.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, type Device, exchange, networkId, World } from "./support/world.ts";

describe("couriers", () => {
  let world: World;
  let bank: TestGateway;
  let door: TestParcelGateway;
  let ada: Device;
  let ben: Device;

  beforeEach(async () => {
    world = new World();
    bank = new TestGateway(world, 1, ["Ada", "Ben"]);
    door = new TestParcelGateway(bank);
    ada = await world.device("Ada", { coins: [100n] });
    ben = await world.device("Ben");
  });

  const courierOf = (store = new MemoryPurseStore()) =>
    Courier.open({ networkId, store, clock: () => world.now });
  const senderOf = ({ purse }: Device, store = new MemoryPurseStore()) =>
    Sender.open({ purse, store, random: systemRandom, clock: () => world.now });
  /** A parcel of Ada's with what she has just paid. */
  const paidParcel = async () => {
    await exchange(ada, ben, 30n);
    const sender = await senderOf(ada);
    const [parcel] = await sender.seal(door.intake);
    return { sender, parcel: parcel! };
  };

  it("settle a payment whose payer and payee are both destroyed [N-14]", async () => {
    const { parcel } = await paidParcel();
    const courier = await courierOf();
    await courier.take(parcel);
    const { owner } = ben;
    ada = undefined as never;
    ben = undefined as never;
    expect(await courier.deliver(door)).to.deep.equal({ answered: 1, kept: 0, refused: 0 });
    bank.sequence();
    const coins = [...world.ledger.state.coinsOf(owner)];
    expect(coins.map(([, { amount }]) => amount)).to.deep.equal([30n]);
  });

  it("bring the answer back: what was handed in is acknowledged, and then settled [N-14]", async () => {
    const { sender, parcel } = await paidParcel();
    const courier = await courierOf();
    const id = await courier.take(parcel);
    expect(sender.waiting).to.deep.equal([id]);
    expect(courier.answerTo(id)).to.equal(undefined);
    await courier.deliver(door);
    expect(await sender.take(courier.answerTo(id)!)).to.equal(true);
    expect(ada.purse.pending()[0]).to.include({ acknowledgedBy: 1 });
    expect(sender.waiting).to.deep.equal([]);
    bank.sequence();
    const [question] = await sender.seal(door.intake);
    const asked = await courier.take(question!);
    await courier.deliver(door);
    expect(await sender.take(courier.answerTo(asked)!)).to.equal(true);
    expect(ada.purse.pending()).to.deep.equal([]);
    expect(await sender.seal(door.intake)).to.deep.equal([]);
  });

  it("carry nothing that says who pays whom, what, or how much, not even in the answer [N-14, R-103, R-152]", async () => {
    const { parcel } = await paidParcel();
    const courier = await courierOf();
    const id = await courier.take(parcel);
    await courier.deliver(door);
    const { record, id: recordId } = ada.purse.pending()[0]!;
    const secrets = [
      ada.signer.publicKey,
      ben.signer.publicKey,
      ...[ada.owner, ben.owner, recordId, ...record.inputs].map(bytesOf),
      record.signature,
      record.nonce,
      // Amounts as they are encoded: 8 bytes of which 7 are zeros would be found in any padding.
      concat(bytesOf(ben.owner), Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 30)),
    ];
    const shown = secrets.filter((secret) =>
      Buffer.from(record.bytes).includes(Buffer.from(secret)),
    );
    expect(shown.length, "what the bare record says of all that").to.equal(7);
    for (const carried of [parcel, courier.answerTo(id)!]) {
      for (const secret of secrets) {
        expect(Buffer.from(carried).indexOf(secret)).to.equal(-1);
      }
    }
    const { purse } = await world.device("Cleo", { coins: [77n] });
    const rich = await world.device("Rich", { coins: [500_000n] });
    await exchange(rich, { ...ben, purse }, 400_000n);
    const [other] = await (await senderOf(rich)).seal(door.intake);
    expect(other!.length).to.equal(parcel.length);
    expect(other!.subarray(0, 3)).to.deep.equal(parcel.subarray(0, 3));
  });

  it("cannot change a parcel or an answer without being found out, and it costs time alone [N-14, R-152]", async () => {
    const { sender, parcel } = await paidParcel();
    const liar = await courierOf();
    const changed = parcel.slice();
    changed[500]! ^= 1;
    await liar.take(changed);
    expect(await liar.deliver(door)).to.deep.equal({ answered: 0, kept: 0, refused: 1 });
    expect(liar.size).to.equal(0);
    const [same] = await sender.seal(door.intake);
    expect(same).to.deep.equal(parcel);
    const courier = await courierOf();
    const id = await courier.take(same!);
    await courier.deliver(door);
    const answer = courier.answerTo(id)!;
    const bent = answer.slice();
    bent[200]! ^= 1;
    await refused("not-for-us", sender.take(bent));
    expect(ada.purse.pending()[0]).to.include({ acknowledgedBy: 0 });
    expect(await sender.take(answer)).to.equal(true);
    expect(await sender.take(answer)).to.equal(false);
  });

  it("cannot pass an answer to one parcel off as the answer to another [N-14]", async () => {
    const { sender, parcel } = await paidParcel();
    const courier = await courierOf();
    const first = await courier.take(parcel);
    await courier.deliver(door);
    await exchange(ada, ben, 20n);
    const [second] = await sender.seal(door.intake);
    const id = parcelId(networkId, second!);
    expect(id).to.not.equal(first);
    const swapped = concat(bytesOf(id), courier.answerTo(first)!.subarray(32));
    await refused("not-for-us", sender.take(swapped));
    expect(ada.purse.pending().every(({ acknowledgedBy }) => acknowledgedBy === 0)).to.equal(true);
  });

  it("have one effect with the same parcel, three of them at once, and one that is lost costs nothing [N-14]", async () => {
    const { sender, parcel } = await paidParcel();
    const couriers = await Promise.all([courierOf(), courierOf(), courierOf(), courierOf()]);
    const ids = await Promise.all(couriers.map((courier) => courier.take(parcel)));
    expect(new Set(ids).size).to.equal(1);
    const three = couriers.slice(1);
    await Promise.all(three.map((courier) => courier.deliver(door)));
    bank.sequence();
    bank.sequence();
    expect(world.onLedger(ben)).to.equal(30n);
    expect(world.onLedger(ada)).to.equal(70n);
    const taken: boolean[] = [];
    for (const courier of three) taken.push(await sender.take(courier.answerTo(ids[0]!)!));
    expect(taken).to.deep.equal([true, false, false]);
  });

  it("carry for devices of any member to any member [N-14]", async () => {
    const other = new TestParcelGateway(new TestGateway(world, 2));
    await exchange(ada, ben, 30n);
    const sender = await senderOf(ada);
    const [parcel] = await sender.seal(other.intake);
    const courier = await courierOf();
    const id = await courier.take(parcel!);
    await courier.deliver(other);
    await sender.take(courier.answerTo(id)!);
    expect(ada.purse.pending()[0]).to.include({ acknowledgedBy: 2 });
  });

  it("go on after a restart, courier and sender, with what they had", async () => {
    await exchange(ada, ben, 30n);
    const [carrying, sending] = [new MemoryPurseStore(), new MemoryPurseStore()];
    const [parcel] = await (await senderOf(ada, sending)).seal(door.intake);
    const id = await (await courierOf(carrying)).take(parcel!);
    await (await courierOf(carrying)).deliver(door);
    const answer = (await courierOf(carrying)).answerTo(id)!;
    const sender = await senderOf(ada, sending);
    expect(await sender.take(answer)).to.equal(true);
    expect((await senderOf(ada, sending)).waiting).to.deep.equal([]);
  });

  it("hand a parcel over again while its member is away, and whatever became of others", async () => {
    const { parcel } = await paidParcel();
    const courier = await courierOf();
    const id = await courier.take(parcel);
    door.isAway = true;
    expect(await courier.deliver(door)).to.include({ kept: 1 });
    const unreachable: ParcelGateway = { hand: () => Promise.reject(new Error("out of reach")) };
    const outcome = await courier.deliver(unreachable).catch((error: unknown) => error);
    expect(outcome).to.be.an("error").with.property("message", "out of reach");
    door.isAway = false;
    expect(await courier.deliver(door)).to.include({ answered: 1 });
    expect(courier.answerTo(id)).to.not.equal(undefined);
    expect(await courier.deliver(door)).to.deep.equal({ answered: 0, kept: 0, refused: 0 });
  });

  it("take no answer to another parcel from a gateway", async () => {
    const { sender, parcel } = await paidParcel();
    const state = decodeParcelState(await door.hand(parcel));
    if (state.state !== "answered") throw new Error("the gateway is there, and answers");
    await sender.take(state.answer.bytes);
    await exchange(ada, ben, 1n);
    const [next] = await sender.seal(door.intake);
    const courier = await courierOf();
    const id = await courier.take(next!);
    const liar: ParcelGateway = {
      hand: async () => encodeParcelState(state),
    };
    expect(await courier.deliver(liar).catch((error: unknown) => error)).to.be.an("error");
    expect(courier.answerTo(id)).to.equal(undefined);
    expect(await courier.deliver(door)).to.include({ answered: 1 });
  });

  describe("carry, of strangers' parcels,", () => {
    const spam = (n: number, size = 1024) => {
      const parcel = new Uint8Array(3 + 65 + size + 16);
      parcel.set([1, 0, 1]);
      new DataView(parcel.buffer).setUint32(100, n);
      return parcel;
    };

    it("so many and no more; answers make room, parcels do not [N-14]", async () => {
      const { parcel } = await paidParcel();
      const courier = await courierOf();
      const id = await courier.take(parcel);
      await courier.deliver(door);
      for (let n = 1; n < limits.courierParcelsMax; n++) await courier.take(spam(n));
      expect(courier.size).to.equal(limits.courierParcelsMax);
      await courier.take(spam(limits.courierParcelsMax));
      expect(courier.answerTo(id)).to.equal(undefined);
      await refused("busy", courier.take(spam(0)));
      await courier.take(spam(1));
      expect(courier.size).to.equal(limits.courierParcelsMax);
      await courier.deliver(door);
      expect(courier.size).to.equal(0);
    });

    it("so many bytes and no more", async () => {
      const courier = await courierOf();
      const length = spam(0, limits.parcelBytesMax).length;
      const fitting = Math.floor(limits.courierBytesMax / length);
      for (let n = 0; n < fitting; n++) await courier.take(spam(n, limits.parcelBytesMax));
      await refused("busy", courier.take(spam(fitting, limits.parcelBytesMax)));
      await courier.take(spam(fitting));
    });

    it("none for longer than fourteen days", async () => {
      const courier = await courierOf();
      await courier.take(spam(1));
      world.pass(14 * DAY_MS + 1);
      await courier.take(spam(2));
      expect(courier.size).to.equal(1);
    });

    it("none that is no parcel", async () => {
      const courier = await courierOf();
      await refused("malformed", courier.take(spam(1).subarray(0, -1)));
      await refused("malformed", courier.take(new Uint8Array()));
      await refused("too-large", courier.take(spam(1, 131_072)));
      const wrong = spam(1);
      wrong[0] = 2;
      await refused("unsupported-version", courier.take(wrong));
    });
  });
});

function bytesOf(hex: Hex): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}
