/** A device that reaches a gateway: what it hands in, what it hears, and what it may do then. */
import { expect } from "chai";
import { enrol, load, redeem } from "../../device/account.ts";
import { askGateway } from "../../device/gateway-client.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { decodeBundle } from "../../protocol/bundle.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { checkCertificateSignature } from "../../protocol/certificate.ts";
import { ownerOf } from "../../protocol/key.ts";
import { recordId } from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { bundleOf, forge, nonceOf, seal } from "./support/forger.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import {
  DAY_MS,
  type Device,
  exchange,
  networkId,
  RECEIPT_LIFE_MS,
  total,
  World,
} from "./support/world.ts";

describe("a sync", () => {
  let world: World;
  let ada: Device;
  let ben: Device;
  let cleo: Device;
  let bank: TestGateway;
  let otherBank: TestGateway;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    ben = await world.device("Ben", { member: 2 });
    cleo = await world.device("Cleo");
    bank = new TestGateway(world, 1, ["Ada", "Cleo"]);
    otherBank = new TestGateway(world, 2, ["Ben"]);
  });

  it("hands in every ancestor before what descends from it [R-026, R-027]", async () => {
    await exchange(ada, ben, 60n);
    await exchange(ben, cleo, 45n);
    const report = await sync(cleo.purse, bank);
    expect(report).to.deep.equal({ handedIn: 2, settled: 0, refused: [], pending: 2 });
    expect([...bank.waiting.keys()]).to.deep.equal(cleo.purse.pending().map(({ id }) => id));
    expect(world.ledger.sequence(...bank.waiting.values()).map(({ code }) => code)).to.deep.equal([
      "applied",
      "applied",
    ]);
    expect(world.onLedger(cleo)).to.equal(45n);
  });

  it("hands them in in that order whatever order the store gives them in", async () => {
    await exchange(ada, ben, 60n);
    await exchange(ben, cleo, 45n);
    const ids = cleo.purse.pending().map(({ id }) => id);
    const rows = [...(await cleo.store.rows())].reverse();
    const reversed = new MemoryPurseStore();
    await reversed.write(rows.map(([key, value]) => ({ key, value })));
    const purse = await world.open("Cleo", 1, reversed);
    expect(purse.pending().map(({ id }) => id)).to.deep.equal(ids);
  });

  it("turns committed to spent, frees change, and vouches for both sides' coins [R-005, R-012, R-067, R-068]", async () => {
    await exchange(ada, cleo, 30n);
    await sync(cleo.purse, bank);
    bank.sequence();
    for (const { purse } of [ada, cleo]) {
      const report = await sync(purse, bank);
      expect(report).to.include({ settled: 1, pending: 0 });
      expect(purse.pending()).to.deep.equal([]);
      expect(purse.coins().every(({ receiptUntil }) => receiptUntil !== undefined)).to.equal(true);
    }
    expect(ada.purse.coins().map(({ amount, state }) => [amount, state])).to.deep.equal([
      [70n, "free"],
    ]);
  });

  it("brings money to a payee that never read message 2, once the payer has synced [R-026, R-078]", async () => {
    await ada.purse.pay(await cleo.purse.request(30n));
    await sync(ada.purse, bank);
    bank.sequence();
    expect(total(cleo.purse)).to.equal(0n);
    await sync(cleo.purse, bank);
    expect(total(cleo.purse)).to.equal(30n);
    await sync(ada.purse, bank);
    expect(ada.purse.balance()).to.deep.include({ spendable: 70n, waiting: 0n });
  });

  it("hands in at any member's gateway, and hears what counts from its own alone [R-020, R-026]", async () => {
    await exchange(ada, cleo, 30n);
    const abroad = await sync(cleo.purse, otherBank);
    expect(abroad).to.deep.equal({ handedIn: 1, settled: 0, refused: [], pending: 1 });
    expect(otherBank.asked).to.deep.equal(["lists", "submit"]);
    expect((await sync(cleo.purse, otherBank)).handedIn).to.equal(0);
    otherBank.sequence();
    expect(await sync(cleo.purse, bank)).to.include({ settled: 1, pending: 0 });
  });

  it("hands in again what a gateway has lost [R-097]", async () => {
    await exchange(ada, cleo, 30n);
    await sync(cleo.purse, bank);
    bank.waiting.clear();
    await sync(cleo.purse, bank);
    expect((await sync(cleo.purse, bank)).handedIn).to.equal(1);
    expect(bank.waiting.size).to.equal(1);
  });

  it("hands in the same record from a purse that was opened again: it settles once, and all it made can be spent at once [N-17]", async () => {
    const request = await cleo.purse.request(30n);
    const message = await ada.purse.pay(request);
    await cleo.purse.receive(message);
    await sync(ada.purse, bank);
    bank.sequence();
    await world.reopen(ada);
    expect(await ada.purse.pay(request)).to.deep.equal(message);
    expect(await sync(ada.purse, otherBank)).to.include({ handedIn: 1, pending: 1 });
    await sync(cleo.purse, bank);
    const copies = [...bank.waiting.values(), ...otherBank.waiting.values()];
    expect(world.ledger.sequence(...copies).map(({ code }) => code)).to.deep.equal([
      "duplicate",
      "duplicate",
    ]);
    otherBank.waiting.clear();
    expect(await sync(ada.purse, bank)).to.include({ settled: 1, pending: 0 });
    await sync(cleo.purse, bank);
    await exchange(ada, ben, 70n);
    await exchange(cleo, ben, 30n);
    await sync(ben.purse, otherBank);
    otherBank.sequence();
    expect(world.onLedger(ben)).to.equal(100n);
  });

  it("tells the holder that a coin was already spent, and does not count what descends from it [R-031, R-165]", async () => {
    const eve = keyOf("Eve");
    await world.ledger.enrol("Eve", 1);
    const coin = await world.ledger.coin(pay(eve, 1, 100n));
    const request = await cleo.purse.request(30n);
    const inputs = [coin.outpoint];
    const outputs = [pay(cleo.signer, 1, 30n), pay(eve, 1, 70n)];
    const record = await forge({ signer: eve, inputs, outputs, nonce: nonceOf(request) });
    const receipts = [await world.receipt(coin.outpoint, coin.output)];
    const bundle = bundleOf(record, [await world.certificate("Eve")], receipts);
    await cleo.purse.receive(await seal(request, bundle));
    world.ledger.apply(await forge({ signer: eve, inputs, outputs: [pay(eve, 1, 100n)] }));
    await sync(cleo.purse, bank);
    bank.sequence();
    const report = await sync(cleo.purse, bank);
    expect(report.refused.map(({ reason }) => reason.code)).to.deep.equal(["spent"]);
    expect(report.refused[0]!.reason.text).to.match(/was taken by record 0x/);
    expect(cleo.purse.balance()).to.include({ spendable: 0n, doubtful: 30n });
    await refused("insufficient-funds", cleo.purse.pay(await ada.purse.request(30n)));
    expect(cleo.purse.pending()).to.have.length(1);
  });

  it("tells the holder that a coin never was, does not credit it, and keeps the false receipt to be shown [R-030, R-032, R-164]", async () => {
    const eve = keyOf("Eve");
    await world.ledger.enrol("Eve", 1);
    const request = await cleo.purse.request(30n);
    const never = { outpoint: `0x${"ab".repeat(33)}` as const, output: pay(eve, 1, 30n) };
    const outputs = [pay(cleo.signer, 1, 30n)];
    const record = await forge({
      signer: eve,
      inputs: [never.outpoint],
      outputs,
      nonce: nonceOf(request),
    });
    // A bank that vouches for what is not there: its receipt is false, and good.
    const receipts = [await world.receipt(never.outpoint, never.output)];
    await cleo.purse.receive(
      await seal(request, bundleOf(record, [await world.certificate("Eve")], receipts)),
    );
    await sync(cleo.purse, bank);
    bank.sequence();
    const report = await sync(cleo.purse, bank);
    expect(report.refused.map(({ reason }) => reason.code)).to.deep.equal(["unknown-coin"]);
    expect(cleo.purse.balance()).to.include({ spendable: 0n, doubtful: 30n });
    expect(world.onLedger(cleo)).to.equal(0n);
    // The purse keeps whose word it was.
    const proof = cleo.purse.proofOf(recordId(networkId, record.body));
    const shown = decodeBundle(networkId, proof);
    expect(shown.receipts.map(({ bytes }) => bytes)).to.deep.equal([receipts[0]!.bytes]);
    expect(shown.records.map(({ bytes }) => bytes)).to.deep.equal([record.bytes]);
    expect(() => cleo.purse.proofOf(`0x${"ab".repeat(32)}`)).to.throw(/is held here/);
  });

  it("counts money again whose record applies after all", async () => {
    const dan = await world.device("Dan");
    await exchange(ada, ben, 60n);
    await exchange(ben, dan, 45n);
    const [parent, child] = dan.purse.pending();
    await sync(dan.purse, bank);
    bank.waiting.delete(parent!.id);
    bank.sequence();
    await sync(dan.purse, bank);
    expect(dan.purse.balance()).to.include({ doubtful: 45n });
    expect(dan.purse.pending()[1]!.reason?.code).to.equal("unknown-coin");
    world.ledger.apply(parent!.record, child!.record);
    bank.refused.clear();
    await sync(dan.purse, bank);
    expect(dan.purse.balance()).to.include({ doubtful: 0n, spendable: 45n });
  });

  it("keeps coins committed whose record cannot apply: the payee is certified and was never enrolled", async () => {
    const store = new MemoryPurseStore();
    const purse = await world.open("Zoe", 1, store);
    await purse.refresh({
      lists: await world.lists(),
      certificate: await world.certificate("Zoe"),
    });
    const received = await purse.receive(await ada.purse.pay(await purse.request(30n)));
    await ada.purse.confirm(received.confirmation.bytes);
    await sync(ada.purse, bank);
    bank.sequence();
    const report = await sync(ada.purse, bank);
    expect(report.refused.map(({ reason }) => reason.code)).to.deep.equal(["unknown-recipient"]);
    expect(ada.purse.coins().map(({ amount, state }) => [amount, state])).to.deep.include([
      100n,
      "committed",
    ]);
    expect(ada.purse.balance()).to.include({ spendable: 0n, doubtful: 70n });
  });

  it("refuses other online business while records are pending, and allows it after [R-006, R-007, R-021, R-172]", async () => {
    const vault = ownerOf(world.ledger.bank(1).treasury.publicKey);
    const wanted = { id: new Uint8Array(16), amount: 10n };
    await exchange(ada, cleo, 30n);
    await refused("sync-needed", redeem(ada.purse, bank, 10n, vault));
    await refused("sync-needed", load(ada.purse, bank, wanted));
    await sync(ada.purse, bank);
    bank.sequence();
    await sync(ada.purse, bank);
    expect(await load(ada.purse, bank, wanted)).to.equal(false);
    const id = await redeem(ada.purse, bank, 10n, vault);
    expect(bank.asked).to.include("redeem");
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 60n });
    expect(ada.purse.pending().map(({ role, amount }) => [role, amount])).to.deep.equal([
      ["redeemed", 10n],
    ]);
    bank.sequence();
    expect(world.ledger.history.hasApplied(id)).to.equal(true);
    await sync(ada.purse, bank);
    expect(ada.purse.balance()).to.include({ spendable: 60n, waiting: 0n });
  });

  it("redeems coins of any depth and age: what cannot be paid offline is still worth its amount [R-168]", async () => {
    const vault = ownerOf(world.ledger.bank(1).treasury.publicKey);
    world.pass(RECEIPT_LIFE_MS + DAY_MS);
    await ada.purse.refresh({ lists: await world.lists() });
    expect(ada.purse.balance()).to.include({ spendable: 0n, frozen: 100n });
    await ada.purse.redeem(100n, vault);
    await sync(ada.purse, bank);
    bank.sequence();
    await sync(ada.purse, bank);
    expect(total(ada.purse)).to.equal(0n);
    expect(world.onLedger(ada)).to.equal(0n);
  });

  it("learns the time first, from the lists that come with the refusal of an old request", async () => {
    const purse = await world.open("Yan", 1, new MemoryPurseStore());
    expect(purse.identity().signedTime).to.equal(0);
    expect(await enrol(purse, bank, utf8.encode("Yan"))).to.equal(false);
    expect(bank.asked).to.deep.equal(["lists", "lists", "enrol"]);
    expect(purse.identity().signedTime).to.equal(world.now);
    bank.sequence();
    expect(await enrol(purse, bank, utf8.encode("Yan"))).to.equal(true);
    expect(purse.identity().certificate?.member).to.equal(1);
    expect(world.ledger.state.custodianOf(purse.identity().owner)).to.equal(1);
  });

  it("renews a certificate whose issuer key another has replaced, and the device goes on paying [N-23]", async () => {
    const next = keyOf("the next issuer of 1");
    world.ledger.changeMember(1, { issuer: next });
    world.pass(DAY_MS);
    await sync(ada.purse, bank);
    expect(bank.asked.at(-1)).to.equal("certify");
    const held = ada.purse.identity().certificate!;
    checkCertificateSignature(networkId, held, next.publicKey, portableVerifier);
    await sync(cleo.purse, bank);
    await exchange(ada, cleo, 30n);
    expect(total(cleo.purse)).to.equal(30n);
    const asked = bank.asked.length;
    await sync(ada.purse, bank);
    expect(bank.asked.slice(asked)).to.not.include("certify");
  });

  it("renews the certificate once half of its life is over, and receipts each time [R-070]", async () => {
    await sync(ada.purse, bank);
    expect(bank.asked).to.not.include("certify");
    const before = ada.purse.coins()[0]!.receiptUntil!;
    world.pass(RECEIPT_LIFE_MS / 2 + DAY_MS);
    await sync(ada.purse, bank);
    expect(bank.asked.at(-1)).to.equal("certify");
    expect(ada.purse.identity().certificate?.notBefore).to.equal(world.now);
    expect(ada.purse.coins()[0]!.receiptUntil).to.be.above(before);
  });

  it("believes no acknowledgement of other leaves, and no statement of another member", async () => {
    await exchange(ada, ben, 30n);
    const [pending] = ada.purse.pending();
    const { record, id } = pending!;
    expect(id).to.equal(recordId(networkId, record.body));
    const leaves = [record.bytes];
    const { acknowledgement } = await askGateway(ada.purse, bank, { kind: "submit", leaves });
    await refused("bad-proof", ada.purse.acknowledged(acknowledgement, [pending!, pending!]));
    const others = ben.purse
      .pending()
      .map((each) => ({ ...each, record: { ...record, bytes: each.record.body } }));
    await refused("bad-proof", ada.purse.acknowledged(acknowledgement, others));
    const forged = { ...acknowledgement, received: 1 };
    await refused("bad-signature", ada.purse.acknowledged(forged, [pending!]));
    expect(ada.purse.pending()[0]!.acknowledgedBy).to.equal(0);
    await sync(ada.purse, otherBank);
    otherBank.sequence();
    await sync(ben.purse, otherBank);
    await refused(
      "not-for-us",
      ada.purse.settled({
        id,
        seq: 1,
        issued: world.now,
        member: 2,
        signature: new Uint8Array(64),
      }),
    );
    await refused(
      "bad-signature",
      ada.purse.settled({
        id,
        seq: 1,
        issued: world.now,
        member: 1,
        signature: new Uint8Array(64),
      }),
    );
    expect(ada.purse.pending()).to.have.length(1);
  });

  it("forgets what has served, and never revives a coin that is spent", async () => {
    const [old] = await world.receiptsOf(ada.owner);
    await exchange(ada, cleo, 30n);
    await sync(cleo.purse, bank);
    bank.sequence();
    await sync(ada.purse, bank);
    await ada.purse.refresh({ receipts: [old!] });
    expect(total(ada.purse)).to.equal(70n);
    world.pass(RECEIPT_LIFE_MS + DAY_MS);
    await sync(ada.purse, bank);
    await sync(cleo.purse, bank);
    await refused("expired", ada.purse.refresh({ receipts: [old!] }));
    expect(total(ada.purse)).to.equal(70n);
    const rows = [...(await ada.store.rows()).keys()].map((key) => key.split("/")[0]);
    expect(rows).to.have.members([
      "certificates",
      "coins",
      "history",
      "history",
      "purse",
      "receipts",
      "revocations",
      "revocations",
      "trust",
    ]);
  });

  it("revives no spent coin when the record that made it comes back as an ancestor", async () => {
    await exchange(ada, ben, 30n);
    world.ledger.apply(ada.purse.pending()[0]!.record);
    await sync(ada.purse, bank);
    await exchange(ada, cleo, 70n);
    world.ledger.apply(ada.purse.pending()[0]!.record);
    await sync(ada.purse, bank);
    expect(total(ada.purse)).to.equal(0n);
    world.pass(RECEIPT_LIFE_MS - 60_000);
    await ada.purse.refresh({
      lists: await world.lists(),
      certificate: await world.certificate("Ada", {
        certificate: { notAfter: world.now + DAY_MS },
      }),
    });
    await exchange(ben, ada, 30n);
    world.ledger.apply(ada.purse.pending()[1]!.record);
    world.pass(120_000);
    await sync(ada.purse, bank);
    expect(total(ada.purse)).to.equal(30n);
    expect(world.onLedger(ada)).to.equal(30n);
  });

  it("never sets signed time back", async () => {
    const [old] = await world.receiptsOf(ada.owner);
    world.pass(DAY_MS);
    await sync(ada.purse, bank);
    const { signedTime } = ada.purse.identity();
    expect(signedTime).to.equal(world.now);
    await ada.purse.refresh({ receipts: [old!] });
    expect(ada.purse.identity().signedTime).to.equal(signedTime);
  });

  it("takes the record that won after the ledger has refused the one held", async () => {
    const eve = keyOf("Eve");
    await world.ledger.enrol("Eve", 1);
    const coin = await world.ledger.coin(pay(eve, 1, 100n));
    const receipts = [await world.receipt(coin.outpoint, coin.output)];
    const certificates = [await world.certificate("Eve")];
    const payCleo = async (amount: bigint) => {
      const request = await cleo.purse.request(amount);
      const outputs = [pay(cleo.signer, 1, amount), pay(eve, 1, 100n - amount)];
      const forgery = { signer: eve, inputs: [coin.outpoint], outputs, nonce: nonceOf(request) };
      const bundle = bundleOf(await forge(forgery), certificates, receipts);
      return cleo.purse.receive(await seal(request, bundle));
    };
    await payCleo(30n);
    expect((await payCleo(40n)).refusal?.code).to.equal("spent");
    world.ledger.apply(
      await forge({ signer: eve, inputs: [coin.outpoint], outputs: [pay(eve, 1, 100n)] }),
    );
    await sync(cleo.purse, bank);
    bank.sequence();
    await sync(cleo.purse, bank);
    expect((await payCleo(50n)).amount).to.equal(50n);
  });
});
