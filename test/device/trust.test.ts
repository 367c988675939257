/** What a device believes of banks, and how it spreads from device to device. */
import { expect } from "chai";
import { randomOutpoint } from "../support/leaves.ts";
import { ownerOf } from "../../protocol/key.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { bundleOf, forge, nonceOf, seal } from "./support/forger.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, type Device, exchange, RECEIPT_LIFE_MS, total, World } from "./support/world.ts";

describe("a trust list", () => {
  let world: World;
  let ada: Device;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
  });

  const version = (device: Device) =>
    device.purse.identity().versions.find(({ member }) => member === 0)?.version;

  it("is taken with a higher version, and passed over with the same or a lower one", async () => {
    const before = version(ada)!;
    for (const older of [before, before - 1]) {
      await ada.purse.refresh({ lists: [await world.trustList({ version: older })] });
      expect(version(ada)).to.equal(before);
    }
    await ada.purse.refresh({ lists: [await world.trustList({ version: before + 5 })] });
    expect(version(ada)).to.equal(before + 5);
  });

  it("is passed over when it is forged, or no list at all, and harms nothing", async () => {
    const before = version(ada);
    const { signedTime } = ada.purse.identity();
    world.pass(DAY_MS);
    const forged = await world.trustList({}, [], keyOf("a stranger"));
    const broken = { kind: "trust" as const, bytes: Uint8Array.of(1, 2, 3) };
    await ada.purse.refresh({ lists: [forged, broken] });
    expect(version(ada)).to.equal(before);
    expect(ada.purse.identity().signedTime).to.equal(signedTime);
  });

  it("hands the trust key on, list by list, and in no other order", async () => {
    const [second, third] = [keyOf("the second trust key"), keyOf("the third trust key")];
    const lists = [
      await world.trustList({ nextTrustKey: second.publicKey }),
      await world.trustList({ nextTrustKey: third.publicKey }, [], second),
      await world.trustList({ nextTrustKey: third.publicKey }, [], third),
    ];
    await ada.purse.refresh({ lists: lists.toReversed() });
    expect(version(ada)).to.equal(4);
    await ada.purse.refresh({ lists: lists.slice(1) });
    expect(version(ada)).to.equal(6);
    await ada.purse.refresh({ lists: [await world.trustList({})] });
    expect(version(ada)).to.equal(6);
    await world.reopen(ada);
    expect(version(ada)).to.equal(6);
  });

  it("lets a member's key before the present one verify for receiptLife more [N-23]", async () => {
    const ben = await world.device("Ben");
    const previousIssuer = world.ledger.bank(1).issuer.publicKey;
    world.ledger.changeMember(1, { issuer: keyOf("the new issuer of 1") });
    const both = await world.trustList({}, [{ member: 1, previousIssuer }]);
    for (const { purse } of [ada, ben]) await purse.refresh({ lists: [both] });
    await exchange(ada, ben, 10n);
    expect(total(ben.purse)).to.equal(10n);
    await ben.purse.refresh({ lists: [await world.trustList()] });
    await refused("bad-signature", ben.purse.request(10n));
  });

  it("lets no earlier key verify after receiptLife, however long the list is good", async () => {
    const previousIssuer = world.ledger.bank(1).issuer.publicKey;
    world.ledger.changeMember(1, { issuer: keyOf("the new issuer of 1") });
    await ada.purse.refresh({
      lists: [await world.trustList({}, [{ member: 1, previousIssuer }])],
    });
    world.pass(RECEIPT_LIFE_MS);
    const receipts = await world.receiptsOf(ada.owner);
    await ada.purse.refresh({ receipts });
    const [{ outpoint, output }] = receipts as [(typeof receipts)[0]];
    const old = await world.receipt(outpoint, output, {}, keyOf("issuer of 1"));
    await refused("false-receipt", ada.purse.refresh({ receipts: [old] }));
  });
});

describe("a revocation list", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("counts for its own member alone", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    await ben.purse.refresh({ lists: [await world.revocations(2, [ada.owner])] });
    await exchange(ada, ben, 10n);
    await ben.purse.refresh({ lists: [await world.revocations(1, [ada.owner])] });
    await ada.purse
      .pay(await ben.purse.request(10n))
      .then((payment) => refused("revoked", ben.purse.receive(payment)));
  });

  it("is passed over when another signed it, and when it is older", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const { versions } = ben.purse.identity();
    const held = versions.find(({ member }) => member === 1)!.version;
    const lists = [
      await world.revocations(1, [ada.owner], {}, keyOf("a stranger")),
      await world.revocations(1, [ada.owner], { version: held }),
      await world.revocations(9, [ada.owner], {}, keyOf("a stranger")),
    ];
    await ben.purse.refresh({ lists });
    expect(ben.purse.identity().versions).to.deep.equal(versions);
    await exchange(ada, ben, 10n);
  });

  it("stops the device that is on it: it does not pay any more", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const request = await ben.purse.request(10n);
    await ada.purse.refresh({ lists: [await world.revocations(1, [ada.owner])] });
    await refused("revoked", ada.purse.pay(request));
  });

  it("travels in message 2 to a payee that lacks it, and in message 3 to a payer that does [N-04]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const dan = await world.device("Dan", { coins: [20n] });
    const mal = await world.device("Mal", { coins: [50n] });
    await ada.purse.refresh({ lists: [await world.revocations(1, [mal.owner])] });
    await exchange(ada, ben, 10n);
    await refused("revoked", ben.purse.receive(await mal.purse.pay(await ben.purse.request(10n))));
    await exchange(dan, ben, 10n);
    await refused("revoked", dan.purse.pay(await mal.purse.request(5n)));
  });

  it("freezes money that came through the device on it, until a sync", async () => {
    const [mal, ben, cleo] = [
      await world.device("Mal", { coins: [100n] }),
      await world.device("Ben"),
      await world.device("Cleo"),
    ];
    await exchange(mal, ben, 60n);
    const revoked = await world.revocations(1, [mal.owner]);
    await ben.purse.refresh({ lists: [revoked] });
    expect(ben.purse.balance()).to.include({ spendable: 0n, frozen: 60n });
    await refused("expired", ben.purse.pay(await cleo.purse.request(10n)));
    world.ledger.apply(ben.purse.pending()[0]!.record);
    await ben.purse.refresh({ receipts: await world.receiptsOf(ben.owner) });
    await cleo.purse.refresh({ lists: [revoked] });
    await exchange(ben, cleo, 10n);
    expect(total(cleo.purse)).to.equal(10n);
  });

  it("of a third member travels to a device that has said it holds an older one", async () => {
    const [ada, ben] = [await world.device("Ada", { coins: [100n] }), await world.device("Ben")];
    const list = await world.revocations(2, []);
    await ada.purse.refresh({ lists: [list] });
    const before = ben.purse.identity().versions;
    await exchange(ada, ben, 10n);
    expect(ben.purse.identity().versions).to.not.deep.equal(before);
    expect(ben.purse.identity().versions).to.deep.equal(ada.purse.identity().versions);
  });

  it("stays behind when it is longer than a handshake carries", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const held = ben.purse.identity().versions;
    const owners = Array.from({ length: 60 }, (_, i) => ownerOf(Uint8Array.of(i)));
    const long = await world.revocations(1, owners);
    expect(long.bytes.length).to.be.above(512);
    await ada.purse.refresh({ lists: [long] });
    await exchange(ada, ben, 10n);
    expect(ben.purse.identity().versions).to.deep.equal(held);
    expect(total(ben.purse)).to.equal(10n);
  });

  it("is learnt from a payment even when the payment is refused, and is kept", async () => {
    const ben = await world.device("Ben");
    const mal = await world.device("Mal", { coins: [50n] });
    const payment = await mal.purse.pay(await ben.purse.request(10n));
    const request = await ben.purse.request(10n);
    const eve = keyOf("Eve");
    const coin = { outpoint: randomOutpoint(), output: pay(eve, 9, 10n) };
    world.ledger.changeMember(9);
    const certificates = [await world.certificate("Eve", { member: 9 })];
    const outputs = [pay(ben.signer, 1, 10n)];
    const record = await forge({
      signer: eve,
      inputs: [coin.outpoint],
      outputs,
      nonce: nonceOf(request),
    });
    const bundle = bundleOf(record, certificates, [
      await world.receipt(coin.outpoint, coin.output),
    ]);
    const lists = [await world.revocations(1, [mal.owner])];
    await refused("untrusted-issuer", ben.purse.receive(await seal(request, bundle, lists)));
    await world.reopen(ben);
    await refused("revoked", ben.purse.receive(payment));
  });
});
