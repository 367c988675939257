/** The PIN of a purse: without it no money leaves, and no cut gives a try back. */
import { expect } from "chai";
import { isRefusal } from "../../protocol/refusal.ts";
import { ownerOf } from "../../protocol/key.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import { settle } from "./support/settle.ts";
import { type Device, exchange, total, World } from "./support/world.ts";

const PIN = "2580";
const PUK = "12345678";

describe("a PIN", () => {
  let world: World;
  let store: CutStore;
  let ada: Device;
  let ben: Device;

  beforeEach(async () => {
    world = new World();
    store = new CutStore(new MemoryPurseStore());
    ada = await world.device("Ada", { coins: [100n, 50n], store });
    ben = await world.device("Ben", { coins: [40n] });
    await ada.purse.pin.set(PIN, PUK);
  });

  const tries = () => ada.purse.pin.status()!.tries;

  it("is asked for before money leaves, by payment, code or redemption [R-028]", async () => {
    const vault = ownerOf(world.ledger.bank(1).treasury.publicKey);
    const { writes } = store;
    const request = await ben.purse.request(30n);
    await refused("pin-needed", ada.purse.pay(request));
    await refused("pin-needed", ada.purse.payCode(30n, "open sesame"));
    await refused("pin-needed", ada.purse.redeem(30n, vault));
    expect(store.writes).to.equal(writes);
    await ada.purse.pin.unlock(PIN);
    await ada.purse.pay(request);
    ada.purse.pin.lock();
    await refused("pin-needed", ada.purse.pay(await ben.purse.request(10n)));
  });

  it("is not asked for to be paid, to confirm and to sync", async () => {
    await ada.purse.pin.unlock(PIN);
    const message = await ada.purse.pay(await ben.purse.request(30n));
    ada.purse.pin.lock();
    const { confirmation } = await ben.purse.receive(message);
    await ada.purse.confirm(confirmation.bytes);
    await exchange(ben, ada, 20n);
    await settle(world, ada, ben);
    expect(total(ada.purse)).to.equal(140n);
    expect(ada.purse.pin.status()!.isUnlocked).to.equal(false);
  });

  it("is asked for again when the purse is opened again, but not for what was paid already [N-07]", async () => {
    await ada.purse.pin.unlock(PIN);
    const request = await ben.purse.request(30n);
    const message = await ada.purse.pay(request);
    await world.reopen(ada);
    expect(ada.purse.pin.status()).to.deep.equal({
      isUnlocked: false,
      tries: { pin: 3, puk: 10 },
    });
    expect(await ada.purse.pay(request)).to.deep.equal(message);
    await refused("pin-needed", ada.purse.pay(await ben.purse.request(10n)));
  });

  it("has three tries, and the right one gives them back", async () => {
    await refused("wrong-pin", ada.purse.pin.unlock("0000"));
    const refusal = await refused("wrong-pin", ada.purse.pin.unlock("1111"));
    expect(refusal.message).to.match(/1 tries are left/);
    await ada.purse.pin.unlock(PIN);
    expect(tries().pin).to.equal(3);
    for (const wrong of ["0000", "1111"]) await refused("wrong-pin", ada.purse.pin.unlock(wrong));
    await refused("pin-blocked", ada.purse.pin.unlock("2222"));
    await refused("pin-blocked", ada.purse.pin.unlock(PIN));
    await world.reopen(ada);
    await refused("pin-blocked", ada.purse.pin.unlock(PIN));
    await refused("pin-blocked", ada.purse.pin.change(PIN, "1111"));
    await refused("pin-needed", ada.purse.pay(await ben.purse.request(10n)));
  });

  it("is replaced with the unblocking code, which has ten tries, and is then blocked for good", async () => {
    for (const wrong of ["0000", "1111", "2222"]) {
      await ada.purse.pin.unlock(wrong).catch((error) => expect(isRefusal(error)).to.equal(true));
    }
    await refused("wrong-pin", ada.purse.pin.unblock("00000000", "7777"));
    await refused("malformed", ada.purse.pin.unblock(PUK, "77"));
    await ada.purse.pin.unblock(PUK, "7777");
    expect(tries()).to.deep.equal({ pin: 3, puk: 10 });
    ada.purse.pin.lock();
    await refused("wrong-pin", ada.purse.pin.unlock(PIN));
    await ada.purse.pin.unlock("7777");
    for (let i = 1; i < 10; i++) {
      await refused("wrong-pin", ada.purse.pin.unblock(`0000000${i}`, "8888"));
    }
    await refused("puk-blocked", ada.purse.pin.unblock("99999999", "8888"));
    await refused("puk-blocked", ada.purse.pin.unblock(PUK, "8888"));
    await ada.purse.pin.unlock("7777");
    await exchange(ben, ada, 10n);
    await sync(ada.purse, new TestGateway(world, 1, ["Ada", "Ben"]));
    expect(total(ada.purse)).to.equal(160n);
  });

  it("is changed with the old one; a new one of the wrong form costs no try", async () => {
    await refused("malformed", ada.purse.pin.change(PIN, "12"));
    await refused("malformed", ada.purse.pin.change(PIN, "twelve"));
    expect(tries().pin).to.equal(3);
    await refused("wrong-pin", ada.purse.pin.change("0000", "7777"));
    await ada.purse.pin.change(PIN, "7777");
    ada.purse.pin.lock();
    await refused("wrong-pin", ada.purse.pin.unlock(PIN));
    await ada.purse.pin.unlock("7777");
  });

  it("is set once, in digits, and nothing is asked of a purse that has none", async () => {
    await refused("conflict", ada.purse.pin.set("1111", PUK));
    await refused("malformed", ben.purse.pin.set("123", PUK));
    await refused("malformed", ben.purse.pin.set(PIN, "1234567"));
    await refused("not-found", ben.purse.pin.unlock(PIN));
    expect(ben.purse.pin.status()).to.equal(undefined);
    await ben.purse.pay(await ada.purse.request(10n));
    const codes = new Set(Array.from({ length: 50 }, () => ben.purse.pin.makeUnblockingCode()));
    expect(codes.size).to.be.above(40);
    for (const code of codes) expect(code).to.match(/^\d{8}$/);
  });

  it("is never compared more than three times, wherever each attempt is cut off [N-07]", async () => {
    const cuts = [1, 2, 3].flatMap((at) => [
      { at, isKept: false },
      { at, isKept: true },
    ]);
    const every = cuts.flatMap((first) =>
      cuts.flatMap((second) => cuts.map((third) => [first, second, third])),
    );
    for (const sequence of every) {
      store = new CutStore(new MemoryPurseStore());
      ada = { ...ada, store };
      await world.reopen(ada);
      await ada.purse.pin.set(PIN, PUK);
      let compared = 0;
      for (const cut of [...sequence, ...sequence]) {
        const before = tries().pin;
        store.cut = { at: store.writes + cut.at, isKept: cut.isKept };
        const error: unknown = await ada.purse.pin.unlock("0000").catch((reason) => reason);
        if (isRefusal(error, "wrong-pin") || (isRefusal(error, "pin-blocked") && before > 0)) {
          compared++;
        } else if (!isRefusal(error, "pin-blocked")) {
          expect(isCut(error), String(error)).to.equal(true);
        }
        store.cut = undefined;
        await world.reopen(ada);
        expect(tries().pin).to.be.at.most(before);
      }
      expect(compared).to.be.at.most(3);
    }
  });

  it("costs a try at most when the right attempt is cut off, and then leaves the purse locked", async () => {
    for (const at of [1, 2]) {
      for (const isKept of [false, true]) {
        const before = tries().pin;
        store.cut = { at: store.writes + at, isKept };
        const error: unknown = await ada.purse.pin.unlock(PIN).catch((reason) => reason);
        expect(isCut(error), String(error)).to.equal(true);
        expect(ada.purse.pin.status()!.isUnlocked).to.equal(false);
        store.cut = undefined;
        await world.reopen(ada);
        const isCounted = at === 1 ? isKept : !isKept;
        expect(tries().pin).to.equal(isCounted ? before - 1 : at === 1 ? before : 3);
        await ada.purse.pin.unlock(PIN);
        ada.purse.pin.lock();
      }
    }
  });
});
