/** What a purse remembers of payments, and as what: also when the records themselves are forgotten. */
import { expect } from "chai";
import { toHex } from "../../protocol/bytes.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { historyOf, remember } from "../../device/history.ts";
import { holderOf } from "../../device/holder.ts";
import { Draft, emptyState } from "../../device/purse-tables.ts";
import type { Purse } from "../../device/purse.ts";
import { sync } from "../../device/sync.ts";
import { ownerOf } from "../../protocol/key.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { checkShowingSignature } from "../../protocol/showing.ts";
import { keyOf, pay, spend } from "../support/ledger-parts.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import {
  DAY_MS,
  type Device,
  exchange,
  networkId,
  randomOf,
  RECEIPT_LIFE_MS,
  World,
} from "./support/world.ts";

describe("the history of a purse", () => {
  let world: World;
  let ada: Device;
  let ben: Device;
  let bank: TestGateway;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n, 50n] });
    ben = await world.device("Ben", { certificate: { label: "Ben's Café", maxBalance: 60n } });
    bank = new TestGateway(world, 1, ["Ada", "Ben"]);
  });

  const seen = (purse: Purse) =>
    purse.history().map(({ kind, amount, state }) => [kind, amount, state]);

  /** Both purses, until nothing is pending. */
  async function settle(): Promise<void> {
    for (const { purse } of [ada, ben]) await sync(purse, bank);
    bank.sequence();
    for (const { purse } of [ada, ben]) await sync(purse, bank);
  }

  it("names who was paid how much, when, and what for, the newest first", async () => {
    const request = await ben.purse.request(30n, "order 7");
    const received = await ben.purse.receive(await ada.purse.pay(request));
    await ada.purse.confirm(received.confirmation.bytes);
    const [paid, loaded] = ada.purse.history();
    const [got] = ben.purse.history();
    const common = { id: received.confirmation.id, time: world.now, amount: 30n };
    expect(paid).to.include({ ...common, kind: "paid", reference: "order 7" });
    expect(paid!.counterparty).to.deep.include({
      deviceKey: toHex(ben.signer.publicKey),
      label: "Ben's Café",
    });
    expect(loaded).to.include({ kind: "credited", amount: 50n, state: "settled" });
    expect(got).to.include({ ...common, kind: "received", reference: "order 7" });
    expect(got!.counterparty).to.deep.equal({ deviceKey: toHex(ada.signer.publicKey), label: "" });
  });

  it("is shown to others one payment at a time, in their words, with the shop's certificate [N-22]", async () => {
    const request = await ben.purse.request(30n, "order 7");
    const { confirmation } = await ben.purse.receive(await ada.purse.pay(request));
    const { id } = confirmation;
    const { certificates: own } = await ben.purse.show(id, "tax office, 1");
    await world.reopen(ada);
    const showing = await ada.purse.show(id, "tax office, 2");
    checkShowingSignature(networkId, showing, new NodeVerifier());
    expect([showing.id, showing.words]).to.deep.equal([id, "tax office, 2"]);
    expect(ownerOf(showing.deviceKey)).to.equal(ada.owner);
    // A person has no name to show, whoever pays whom.
    expect(showing.certificates.map(({ label }) => label)).to.deep.equal(["Ben's Café"]);
    expect(own.map(({ bytes }) => bytes)).to.deep.equal(
      showing.certificates.map((each) => each.bytes),
    );
    const [, loaded] = ada.purse.history();
    await refused("not-found", ben.purse.show(loaded!.id, "tax office, 3"));
    await refused("malformed", ben.purse.show(id, ""));
    await refused("malformed", ben.purse.show(id, "x".repeat(201)));
  });

  it("calls a payment waiting, accepted and settled, and money received offline unverified [R-043]", async () => {
    const message = await ada.purse.pay(await ben.purse.request(30n));
    expect(seen(ada.purse)[0]).to.deep.equal(["paid", 30n, "waiting"]);
    const { confirmation } = await ben.purse.receive(message);
    await ada.purse.confirm(confirmation.bytes);
    expect(seen(ada.purse)[0]).to.deep.equal(["paid", 30n, "accepted"]);
    expect(seen(ben.purse)).to.deep.equal([["received", 30n, "unverified"]]);
    await settle();
    expect(seen(ada.purse)[0]).to.deep.equal(["paid", 30n, "settled"]);
    expect(seen(ben.purse)).to.deep.equal([["received", 30n, "settled"]]);
  });

  it("calls what was paid back returned on both sides, before and after it has settled", async () => {
    const request = await ben.purse.request(50n);
    await exchange(ada, ben, 20n);
    const { confirmation } = await ben.purse.receive(await ada.purse.pay(request));
    await ada.purse.confirm(confirmation.bytes);
    for (const isSettled of [false, true]) {
      if (isSettled) await settle();
      expect(seen(ada.purse)[0]).to.deep.equal(["paid", 50n, "returned"]);
      expect(seen(ben.purse)[0]).to.deep.equal(["received", 50n, "returned"]);
    }
  });

  it("says why the ledger refuses a record, and that it has settled once it does", async () => {
    await exchange(ada, ben, 30n);
    const { id } = ben.purse.history()[0]!;
    const reason = { code: "spent", text: "another record took it" } as const;
    await ben.purse.noted({ state: "refused", id, reason });
    expect(ben.purse.history()[0]).to.deep.include({ state: "refused", reason });
    await settle();
    expect(ben.purse.history()[0]).to.deep.include({ state: "settled", reason: undefined });
  });

  it("shows a redemption, and a load as one entry however many coins it has", async () => {
    const signer = world.ledger.bank(1).treasury;
    const outputs = [10n, 20n, 40n].map((amount) => pay(ben.signer, 1, amount));
    const inputs = [world.ledger.deposit(1, 70n)];
    world.ledger.apply(await spend({ signer, inputs, outputs }));
    await sync(ben.purse, bank);
    expect(seen(ben.purse)).to.deep.equal([["credited", 70n, "settled"]]);
    await ben.purse.redeem(10n, ownerOf(signer.publicKey));
    expect(seen(ben.purse)[0]).to.deep.equal(["redeemed", 10n, "waiting"]);
    await settle();
    expect(seen(ben.purse)).to.deep.equal([
      ["redeemed", 10n, "settled"],
      ["credited", 70n, "settled"],
    ]);
  });

  it("learns from the exchange what a sync had found without it", async () => {
    const message = await ada.purse.pay(await ben.purse.request(30n, "order 7"));
    await sync(ada.purse, bank);
    bank.sequence();
    await sync(ben.purse, bank);
    expect(seen(ben.purse)).to.deep.equal([["credited", 30n, "settled"]]);
    await ben.purse.receive(message);
    expect(seen(ben.purse)).to.deep.equal([["received", 30n, "settled"]]);
    expect(ben.purse.history()[0]!.reference).to.equal("order 7");
  });

  it("is kept when the records are forgotten, and in the store", async () => {
    await exchange(ada, ben, 30n);
    await settle();
    const before = [ada.purse.history(), ben.purse.history()];
    world.pass(RECEIPT_LIFE_MS + DAY_MS);
    await settle();
    const rows = [...(await ben.store.rows()).keys()];
    expect(rows.filter((key) => key.startsWith("records/"))).to.deep.equal([]);
    for (const device of [ada, ben]) await world.reopen(device);
    expect([ada.purse.history(), ben.purse.history()]).to.deep.equal(before);
  });

  it("is bounded: the oldest entry that has settled makes room, none that is open", () => {
    const state = emptyState();
    const past = { kind: "paid", time: 0, amount: 1n, reference: "", givenBack: 0n } as const;
    const { trustKey, member, networkId: network } = partsOf(world);
    const purse = { networkId: network, member, deviceKey: network, counter: 0, signedTime: 0 };
    state.purse.set("", { ...purse, trustKey });
    for (let number = 1; number <= 4098; number++) {
      state.history.set(idOf(number), { ...past, number, settled: number > 2 });
    }
    const draft = new Draft(state);
    const holder = holderOf(partsOf(world));
    const { kind, amount, reference } = past;
    remember(holder, draft, idOf(5000), { kind, amount, reference });
    const ids = historyOf(holder, draft).map(({ id }) => id);
    expect(ids).to.have.length(4098);
    expect(ids[0]).to.equal(idOf(5000));
    expect(ids).to.include.members([idOf(1), idOf(2), idOf(4)]);
    expect(ids).not.to.include(idOf(3));
  });
});

function idOf(number: number): `0x${string}` {
  return `0x${number.toString(16).padStart(64, "0")}`;
}

function partsOf(world: World) {
  return {
    networkId: toHex(networkId),
    member: 1,
    class: "software",
    signer: keyOf("Ada"),
    verifier: new NodeVerifier(),
    store: new MemoryPurseStore(),
    random: randomOf("Ada"),
    clock: () => world.now,
    trustKey: world.authority.publicKey,
    receiptLifeMs: RECEIPT_LIFE_MS,
  } as const;
}
