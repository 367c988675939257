/** A purse as such: how it is opened, that it does one thing at a time, and what it says of itself. */
import { expect } from "chai";
import { FilePurseStore } from "../../device/file-store.ts";
import { FileTransport } from "../../device/file-transport.ts";
import { MemoryPurseStore, type PurseStore } from "../../device/purse-store.ts";
import { Purse } from "../../device/purse.ts";
import { toHex } from "../../protocol/bytes.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { refused } from "./support/refused.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { exchange, networkId, randomOf, RECEIPT_LIFE_MS, total, World } from "./support/world.ts";

describe("a purse", () => {
  const folders = temporaryFolders();
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  function open(store: PurseStore, changed: Partial<Parameters<typeof Purse.open>[0]> = {}) {
    return Purse.open({
      networkId: toHex(networkId),
      member: 1,
      class: "software",
      signer: keyOf("Ada"),
      verifier: portableVerifier,
      store,
      random: randomOf("Ada"),
      clock: () => world.now,
      trustKey: world.authority.publicKey,
      receiptLifeMs: RECEIPT_LIFE_MS,
      ...changed,
    });
  }

  it("says that it is software, and whose it is", async () => {
    const purse = await open(new MemoryPurseStore());
    const { class: deviceClass, member, deviceKey, certificate, signedTime } = purse.identity();
    expect(deviceClass).to.equal("software");
    expect((await purse.enrolment(new Uint8Array())).class).to.equal("software");
    expect(member).to.equal(1);
    expect(deviceKey).to.deep.equal(keyOf("Ada").publicKey);
    expect(certificate).to.equal(undefined);
    expect(signedTime).to.equal(0);
  });

  it("says that it is what it was made as, and asks to be certified as that [R-052, R-086]", async () => {
    for (const deviceClass of ["chip", "element", "host", "terminal", "merchant"] as const) {
      const purse = await open(new MemoryPurseStore(), { class: deviceClass });
      expect(purse.identity().class).to.equal(deviceClass);
      expect((await purse.enrolment(new Uint8Array())).class).to.equal(deviceClass);
    }
  });

  it("is refused on another network, with another key, and under another member", async () => {
    const store = new MemoryPurseStore();
    await open(store);
    await refused("wrong-network", open(store, { networkId: `0x${"11".repeat(32)}` }));
    await refused("wrong-folder", open(store, { signer: keyOf("Ben") }));
    await refused("wrong-folder", open(store, { member: 2 }));
    await open(store);
  });

  it("is not opened from what another version of this software keeps, and says what to do", async () => {
    const { store } = await world.device("Ada", { coins: [10n] });
    const row = (await store.rows()).get("purse/")!;
    for (const other of [row.slice(1), row.with(0, 2), Uint8Array.of(...row, 0)]) {
      await store.write([{ key: "purse/", value: other }]);
      const { message } = await refused("unsupported-version", open(store));
      expect(message).to.match(/open it with that one, sync, redeem/);
      expect((await store.rows()).get("purse/"), "nothing is changed").to.deep.equal(other);
    }
    await store.write([{ key: "purse/", value: row }]);
    expect((await open(store)).balance().spendable).to.equal(10n);
  });

  it("is not opened over rows that it did not write, and the error names the row", async () => {
    for (const [key, value] of [
      ["strange/1", new Uint8Array()],
      ["coins/0x00", Uint8Array.of(1, 2, 3)],
      ["receipts/0x00", new Uint8Array(152)],
    ] as const) {
      const store = new MemoryPurseStore();
      await store.write([{ key, value }]);
      const outcome = await open(store).catch((error: Error) => error.message);
      expect(outcome).to.be.a("string").that.includes(key);
    }
  });

  it("keeps all it has when it is opened again from a folder, in the middle of an exchange [R-004]", async () => {
    const folder = await folders();
    const ada = await world.device("Ada", {
      coins: [60n, 40n],
      store: await FilePurseStore.open(folder),
    });
    const ben = await world.device("Ben");
    await exchange(ada, ben, 50n);
    const request = await ben.purse.request(10n);
    const payment = await ada.purse.pay(request);
    const before = [
      ada.purse.balance(),
      ada.purse.pending(),
      ada.purse.coins(),
      ada.purse.identity(),
    ];
    await ada.purse.close();
    const purse = await world.open("Ada", 1, await FilePurseStore.open(folder));
    expect([purse.balance(), purse.pending(), purse.coins(), purse.identity()]).to.deep.equal(
      before,
    );
    expect(await purse.pay(request)).to.deep.equal(payment);
    await purse.confirm((await ben.purse.receive(payment)).confirmation.bytes);
    expect(total(purse)).to.equal(40n);
    await purse.close();
  });

  it("does one thing at a time: of two payments asked at once, coins are for one", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const requests = [await ben.purse.request(60n), await ben.purse.request(60n)];
    const outcomes = await Promise.allSettled(requests.map((request) => ada.purse.pay(request)));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected"]);
    expect(ada.purse.coins().map(({ state }) => state)).to.deep.equal(["committed"]);
  });

  it("pays with the coins it is told to, and refuses coins it does not have free [R-018]", async () => {
    const ada = await world.device("Ada", { coins: [60n, 40n] });
    const ben = await world.device("Ben");
    const [sixty, forty] = [60n, 40n].map(
      (amount) => ada.purse.coins().find((coin) => coin.amount === amount)!.outpoint,
    );
    const request = await ben.purse.request(50n);
    await refused("insufficient-funds", ada.purse.pay(request, [forty!]));
    await refused("unknown-coin", ada.purse.pay(request, [sixty!, `0x${"00".repeat(33)}`]));
    await ada.purse.pay(request, [sixty!]);
    await refused("unknown-coin", ada.purse.pay(await ben.purse.request(5n), [sixty!]));
    expect(ada.purse.balance()).to.include({ spendable: 40n, waiting: 10n });
  });

  it("does nothing after it is closed", async () => {
    const purse = await open(new MemoryPurseStore());
    await purse.close();
    const outcome = await purse.request(1n).catch((error: Error) => error.message);
    expect(outcome).to.equal("the purse is closed");
  });

  it("waits for a file that comes late, and not for ever", async () => {
    const wire = await folders();
    const payee = new FileTransport(wire, "payee", "payer", { pollMs: 5 });
    const payerThatWaits = (timeoutMs: number) =>
      new FileTransport(wire, "payer", "payee", { pollMs: 5, timeoutMs });
    const [message] = await Promise.all([
      payerThatWaits(60_000).receive(),
      payee.send(Uint8Array.of(7)),
    ]);
    expect(message).to.deep.equal(Uint8Array.of(7));
    const hasty = payerThatWaits(60);
    expect(await hasty.receive()).to.deep.equal(Uint8Array.of(7));
    const outcome = await hasty.receive().catch((error: Error) => error.message);
    expect(outcome).to.match(/payee-2.message did not come within 60 ms/);
  });
});
