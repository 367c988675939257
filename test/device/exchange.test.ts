/** Three messages between two purses, with no network: who has what, and what each has seen. */
import { expect } from "chai";
import { encodeBundle } from "../../protocol/bundle.ts";
import { signCertificate } from "../../protocol/certificate.ts";
import {
  checkConfirmationSignature,
  type ConfirmationStatus,
  decodeConfirmation,
  signConfirmation,
} from "../../protocol/confirmation.ts";
import { makeSealingKey } from "../../protocol/hpke.ts";
import { openPayment } from "../../protocol/payment.ts";
import {
  checkRecordSignature,
  decodeRecord,
  encodeRecord,
  outpointsOf,
  recordId,
  type SignedRecord,
} from "../../protocol/record.ts";
import { decodeRequest, requestNonce, signRequest } from "../../protocol/request.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { payOver, collect } from "../../device/exchange.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { memoryTransports } from "../../device/transport.ts";
import { randomOutpoint } from "../support/leaves.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { bundleOf, forge } from "./support/forger.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import {
  type Device,
  exchange,
  networkId,
  randomOf,
  RECEIPT_LIFE_MS,
  total,
  World,
} from "./support/world.ts";

describe("an offline exchange", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("moves the amount from payer to payee over any transport, by three messages [R-001, R-002, R-037, R-076, R-114]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben", { member: 2 });
    const [there, here] = memoryTransports();
    const [received, confirmed] = await Promise.all([
      collect(ben.purse, here, 30n, "a coffee"),
      payOver(ada.purse, there),
    ]);
    expect(received.amount).to.equal(30n);
    expect(confirmed.status).to.equal("accepted");
    expect(total(ada.purse)).to.equal(70n);
    expect(total(ben.purse)).to.equal(30n);
    expect(ben.purse.pending().map(({ role, amount }) => [role, amount])).to.deep.equal([
      ["received", 30n],
    ]);
  });

  it("frees change only when the payee has confirmed, and keeps what was paid pending [R-003, R-004]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const received = await ben.purse.receive(await ada.purse.pay(await ben.purse.request(30n)));
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
    expect(ada.purse.pending()).to.have.length(1);
    await ada.purse.confirm(received.confirmation.bytes);
    expect(ada.purse.balance()).to.include({ spendable: 70n, waiting: 0n });
    expect(
      ada.purse.pending().map(({ role, amount, outcome }) => [role, amount, outcome]),
    ).to.deep.equal([["paid", 30n, "accepted"]]);
  });

  it("leaves each side with the other's signature over what they agreed [R-077]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const request = await ben.purse.request(30n);
    const received = await ben.purse.receive(await ada.purse.pay(request));
    await ada.purse.confirm(received.confirmation.bytes);
    const [held] = ben.purse.pending();
    checkRecordSignature(networkId, held!.record, portableVerifier);
    expect(held!.record.signer).to.deep.equal(ada.signer.publicKey);
    expect(held!.record.nonce).to.deep.equal(requestNonce(networkId, decodeRequest(request)));
    const confirmation = decodeConfirmation(received.confirmation.bytes);
    checkConfirmationSignature(networkId, confirmation, ben.signer.publicKey, portableVerifier);
    expect(confirmation).to.include({ status: "accepted", id: held!.id });
  });

  it("deducts at the payer before the payment leaves it, for good, and books at the payee when it comes: no word waits for another [R-058, R-059]", async () => {
    const store = new MemoryPurseStore();
    const ada = await world.device("Ada", { coins: [100n], store });
    const ben = await world.device("Ben");
    const payment = await ada.purse.pay(await ben.purse.request(30n));
    await ada.purse.close();
    ada.purse = await world.open("Ada", 1, store);
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
    expect(total(ben.purse)).to.equal(0n);
    await ben.purse.receive(payment);
    expect(total(ben.purse)).to.equal(30n);
  });

  it("is executed by the payee's purse before its list shows it, wherever power is cut [R-019]", async () => {
    const found = new Set<string>();
    for (const isKept of [false, true]) {
      for (let at = 1; ; at++) {
        const store = new MemoryPurseStore();
        const ada = await world.device(`Ada ${at} ${isKept}`, { coins: [100n] });
        const ben = await world.device(`Ben ${at} ${isKept}`, { store });
        const payment = await ada.purse.pay(await ben.purse.request(30n));
        await ben.purse.close();
        const torn = new CutStore(store);
        torn.cut = { at, isKept };
        ben.purse = await world.open(ben.name, 1, torn);
        const end = await ben.purse.receive(payment).catch((error: unknown) => error);
        if (!isCut(end)) break;
        const later = await world.open(ben.name, 1, store);
        const listed = later.history().map(({ amount }) => amount);
        found.add(`holds ${total(later)}, lists ${listed.join()}`);
      }
    }
    expect([...found].sort()).to.deep.equal(["holds 0, lists ", "holds 30, lists 30"]);
  });

  it("pays B, C from what B received, and D from change, and all of it settles [R-160, R-161, N-01]", async () => {
    const [ada, ben, cleo, dan] = [
      await world.device("Ada", { coins: [100n] }),
      await world.device("Ben", { member: 2 }),
      await world.device("Cleo"),
      await world.device("Dan", { member: 2 }),
    ];
    await exchange(ada, ben, 60n);
    await exchange(ben, cleo, 45n);
    await exchange(ada, dan, 25n);
    expect([ada, ben, cleo, dan].map(({ purse }) => total(purse))).to.deep.equal([
      15n,
      15n,
      45n,
      25n,
    ]);
    for (const { purse } of [cleo, dan]) {
      for (const { record } of purse.pending()) world.ledger.sequence(record);
    }
    expect([ada, ben, cleo, dan].map((device) => world.onLedger(device))).to.deep.equal([
      15n,
      15n,
      45n,
      25n,
    ]);
  });

  it("carries money over eight hops, all of which settle when the last syncs [N-01, R-160]", async () => {
    const devices = [await world.device("hop 0", { coins: [1000n] })];
    for (let i = 1; i <= 8; i++) {
      const payee = await world.device(`hop ${i}`, { member: 1 + (i % 2) });
      await exchange(devices.at(-1)!, payee, 1000n - BigInt(i));
      devices.push(payee);
    }
    const last = devices.at(-1)!.purse;
    expect(last.pending().map(({ role }) => role)).to.deep.equal([
      ...Array.from({ length: 7 }, () => "ancestor"),
      "received",
    ]);
    world.ledger.apply(...last.pending().map(({ record }) => record));
    expect(world.onLedger(devices.at(-1)!)).to.equal(992n);
  });

  it("gives the same bytes whenever the same message is asked for again [R-110]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const request = await ben.purse.request(30n);
    const payment = await ada.purse.pay(request);
    expect(await ada.purse.pay(request)).to.deep.equal(payment);
    const { confirmation } = await ben.purse.receive(payment);
    expect((await ben.purse.receive(payment)).confirmation.bytes).to.deep.equal(confirmation.bytes);
    await ada.purse.confirm(confirmation.bytes);
    await ada.purse.confirm(confirmation.bytes);
    expect(await ada.purse.pay(request)).to.deep.equal(payment);
    expect(total(ada.purse)).to.equal(70n);
    expect(total(ben.purse)).to.equal(30n);
  });

  it("shows message 2 to the payee of that request alone [R-056, R-106, R-107]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const eve = await world.device("Eve");
    const request = await ben.purse.request(30n);
    const payment = await ada.purse.pay(request);
    await eve.purse.request(30n);
    await refused("not-for-us", eve.purse.receive(payment));
    const otherKey = makeSealingKey(randomOf("Eve's key"));
    await refused("not-for-us", openPayment(networkId, payment, decodeRequest(request), otherKey));
    expect((await ben.purse.receive(payment)).amount).to.equal(30n);
  });

  it("says who asks: the label and the reference stand in message 1 [R-104]", async () => {
    const shop = await world.device("Shop", { certificate: { label: "Café Tally" } });
    const request = decodeRequest(await shop.purse.request(30n, "table 4"));
    expect(request.certificate.label).to.equal("Café Tally");
    expect(request.reference).to.equal("table 4");
    expect(request.amount).to.equal(30n);
  });

  it("tells whoever is to pay who asks and for what, once that is known to be true, and commits nothing [R-029, R-104]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const shop = await world.device("Shop", { certificate: { label: "Café Tally" } });
    const asked = await shop.purse.request(30n, "table 4");
    const { certificate, amount, reference } = ada.purse.checkRequest(asked);
    expect([certificate.label, amount, reference]).to.deep.equal(["Café Tally", 30n, "table 4"]);
    const request = decodeRequest(asked);
    const eve = keyOf("Eve");
    const fields = { ...(await world.certificate("Eve")), label: "Café Tally" };
    const selfMade = await signCertificate(networkId, fields, eve);
    const { bytes } = await signRequest(networkId, { ...request, certificate: selfMade }, eve);
    for (const [code, message] of [
      ["bad-signature", bytes],
      ["bad-signature", asked.with(-1, asked.at(-1)! ^ 1)],
      ["not-for-us", await ada.purse.request(1n)],
    ] as const) {
      const check = async () => ada.purse.checkRequest(message);
      await refused(code, check());
    }
    expect(ada.purse.balance().spendable).to.equal(100n);
  });

  it("answers each of several open requests, in any order", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const [one, two] = [await ben.purse.request(10n), await ben.purse.request(20n)];
    const [first, second] = [await ada.purse.pay(one), await ada.purse.pay(two).catch(() => null)];
    expect(second).to.equal(null);
    await ada.purse.confirm((await ben.purse.receive(first)).confirmation.bytes);
    expect((await ben.purse.receive(await ada.purse.pay(two))).amount).to.equal(20n);
    expect(total(ben.purse)).to.equal(30n);
  });

  it("keeps sixteen requests open and lets go of the oldest", async () => {
    const ada = await world.device("Ada", { coins: [10n] });
    const ben = await world.device("Ben");
    const requests: Uint8Array[] = [];
    for (let i = 0; i < 17; i++) requests.push(await ben.purse.request(1n));
    const payment = await ada.purse.pay(requests[0]!);
    await refused("not-for-us", ben.purse.receive(payment));
    const other = await world.device("Al", { coins: [10n] });
    expect((await ben.purse.receive(await other.purse.pay(requests[1]!))).amount).to.equal(1n);
  });

  it("takes message 3 only from the payee, and only for a payment of its own [R-109]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const received = await ben.purse.receive(await ada.purse.pay(await ben.purse.request(30n)));
    const forged = received.confirmation.bytes.slice();
    forged[40]! ^= 1;
    await refused("bad-signature", ada.purse.confirm(forged));
    const eve = await world.device("Eve");
    await refused("not-for-us", eve.purse.confirm(received.confirmation.bytes));
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
  });

  it("checks message 1: its certificate, its signature, and that it is not the purse's own [R-029]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const request = decodeRequest(await ben.purse.request(30n));
    const forged = request.bytes.slice();
    forged[forged.length - 1]! ^= 1;
    await refused("bad-signature", ada.purse.pay(forged));
    const { certificate } = decodeRequest(await (await world.device("Eve")).purse.request(1n));
    const stolen = await signRequest(networkId, { ...request, certificate }, keyOf("Ben"));
    await refused("bad-signature", ada.purse.pay(stolen.bytes));
    await refused("not-for-us", ada.purse.pay(await ada.purse.request(1n)));
    const [revocations] = [await world.revocations(1, [ben.owner])];
    await ada.purse.refresh({ lists: [revocations] });
    await refused("revoked", ada.purse.pay(request.bytes));
    expect(ada.purse.balance().spendable).to.equal(100n);
  });

  it("asks for nothing before it is certified, and pays nothing", async () => {
    await world.ledger.enrol("New", 1);
    const purse = await world.open("New", 1, new MemoryPurseStore());
    const ben = await world.device("Ben");
    await refused("sync-needed", purse.request(1n));
    await purse.refresh({ lists: await world.lists() });
    await refused("sync-needed", purse.pay(await ben.purse.request(1n)));
  });

  it("returns good money it may not hold, and the payer has it back [R-110]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben", { certificate: { maxBalance: 40n } });
    const [one, two] = [await ben.purse.request(30n), await ben.purse.request(25n)];
    const al = await world.device("Al", { coins: [25n] });
    await al.purse.confirm((await ben.purse.receive(await al.purse.pay(two))).confirmation.bytes);
    const received = await ben.purse.receive(await ada.purse.pay(one));
    expect(received.refusal?.code).to.equal("over-balance-limit");
    expect(received.confirmation.status).to.equal("returned");
    expect(total(ben.purse)).to.equal(25n);
    await ada.purse.confirm(received.confirmation.bytes);
    expect(total(ada.purse)).to.equal(100n);
    expect(decodeConfirmation(received.confirmation.bytes).returned?.outputs).to.have.length(1);
    const cleo = await world.device("Cleo");
    await exchange(ada, cleo, 100n);
    world.ledger.apply(...cleo.purse.pending().map(({ record }) => record));
    expect(world.onLedger(cleo)).to.equal(100n);
  });

  it("spends a returned coin no second time, whatever receipts come for it", async () => {
    const ada = await world.device("Ada", { coins: [50n] });
    const ben = await world.device("Ben", { certificate: { maxBalance: 40n } });
    const al = await world.device("Al", { coins: [30n] });
    const [one, two] = [await ben.purse.request(30n), await ben.purse.request(30n)];
    await ben.purse.receive(await al.purse.pay(two));
    const payment = await ada.purse.pay(one);
    expect((await ben.purse.receive(payment)).confirmation.status).to.equal("returned");
    world.ledger.apply(ada.purse.pending()[0]!.record);
    await ben.purse.refresh({ receipts: await world.receiptsOf(ben.owner) });
    expect(total(ben.purse)).to.equal(30n);
  });

  it("pays a request once, however long after it is shown again", async () => {
    const ada = await world.device("Ada", { coins: [50n, 50n] });
    const ben = await world.device("Ben");
    const request = await ben.purse.request(50n);
    const payment = await ada.purse.pay(request);
    const { confirmation } = await ben.purse.receive(payment);
    await ada.purse.confirm(confirmation.bytes);
    world.ledger.apply(ada.purse.pending()[0]!.record);
    for (const { purse } of [ada, ben]) {
      await sync(purse, new TestGateway(world, 1));
      expect(purse.pending()).to.deep.equal([]);
    }
    expect(await ada.purse.pay(request)).to.deep.equal(payment);
    expect((await ben.purse.receive(payment)).confirmation.bytes).to.deep.equal(confirmation.bytes);
    expect(total(ada.purse)).to.equal(50n);
    world.pass(RECEIPT_LIFE_MS + 1);
    const certificate = await world.certificate("Ada");
    await ada.purse.refresh({ lists: await world.lists(), certificate });
    await refused("expired", ada.purse.pay(request));
  });

  it("asks for a sync when the way back to receipts is longer than a bundle, and commits nothing", async () => {
    const certificate = { maxDepth: 255 };
    const ada = await world.device("Ada", { coins: [100n], certificate });
    const ben = await world.device("Ben");
    for (let i = 0; i < 64; i++) {
      const received = await ben.purse.receive(await ada.purse.pay(await ben.purse.request(1n)));
      await ada.purse.confirm(received.confirmation.bytes);
    }
    await refused("sync-needed", ada.purse.pay(await ben.purse.request(1n)));
    expect(ada.purse.balance()).to.include({ spendable: 36n, waiting: 0n });
  });
});

describe("a payer whose payee's element is broken", () => {
  let world: World;
  let ada: Device;
  let ben: Device;
  let paid: SignedRecord;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    ben = await world.device("Ben", { member: 2 });
    await ada.purse.pay(await ben.purse.request(30n));
    paid = ada.purse.pending()[0]!.record;
  });

  /** What Ben says of the payment. */
  async function say(status: ConfirmationStatus, returned?: SignedRecord): Promise<Uint8Array> {
    const id = recordId(networkId, paid.body);
    const fields = { status, id, lists: [], returned };
    return (await signConfirmation(networkId, fields, ben.signer)).bytes;
  }

  it("keeps its coins committed when the payment is said to be invalid: the ledger decides", async () => {
    await ada.purse.confirm(await say("invalid"));
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
    expect(ada.purse.pending()[0]!.outcome).to.equal("invalid");
    world.ledger.apply(paid);
    await ada.purse.refresh({ receipts: await world.receiptsOf(ada.owner) });
    expect(ada.purse.balance()).to.include({ spendable: 70n, waiting: 0n });
  });

  it("holds on to what was accepted, whatever is said later", async () => {
    await ada.purse.confirm(await say("accepted"));
    await ada.purse.confirm(await say("invalid"));
    expect(ada.purse.pending()[0]!.outcome).to.equal("accepted");
    expect(ada.purse.balance().spendable).to.equal(70n);
  });

  it("takes no return that gives back less, something else, or is not signed by the payee", async () => {
    const inputs = [outpointsOf(networkId, paid)[0]!];
    const toAda = (amount: bigint) => pay(ada.signer, 1, amount);
    const good = { signer: ben.signer, inputs, outputs: [toAda(30n)] };
    const other = randomOutpoint();
    const forgeries = [
      ["wrong-amount", await forge({ ...good, outputs: [toAda(29n), pay(ben.signer, 2, 1n)] })],
      ["wrong-amount", await forge({ ...good, outputs: [toAda(29n)] })],
      ["wrong-amount", await forge({ ...good, outputs: [pay(ada.signer, 2, 30n)] })],
      ["wrong-owner", await forge({ ...good, inputs: [...inputs, other] })],
      ["wrong-owner", await forge({ ...good, inputs: [other] })],
      ["wrong-owner", await forge({ ...good, inputs: [outpointsOf(networkId, paid)[1]!] })],
      ["wrong-owner", await forge({ ...good, signer: keyOf("a stranger") })],
    ] as const;
    for (const [code, returned] of forgeries) {
      await refused(code, ada.purse.confirm(await say("returned", returned)));
    }
    const returned = await forge(good);
    const { signature } = await forge({ ...good, outputs: [toAda(31n)] });
    const unsigned = decodeRecord(encodeRecord({ ...returned, signature }));
    await refused("bad-signature", ada.purse.confirm(await say("returned", unsigned)));
    expect(ada.purse.balance()).to.include({ spendable: 0n, waiting: 70n });
    await ada.purse.confirm(await say("returned", returned));
    expect(ada.purse.balance()).to.include({ spendable: 100n, waiting: 0n });
  });
});

describe("a bundle that answers no request", () => {
  let world: World;
  let ada: Device;
  let ben: Device;
  let bundle: Uint8Array;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada");
    ben = await world.device("Ben", { certificate: { maxBalance: 40n } });
    const coin = await world.ledger.coin(pay(ada.signer, 1, 100n));
    const outputs = [pay(ben.signer, 1, 30n), pay(ada.signer, 1, 70n)];
    const record = await forge({ signer: ada.signer, inputs: [coin.outpoint], outputs });
    const receipts = [await world.receipt(coin.outpoint, coin.output)];
    bundle = encodeBundle(bundleOf(record, [await world.certificate("Ada")], receipts));
  });

  it("is taken when it pays the device, once, and settles", async () => {
    expect(await ben.purse.accept(bundle)).to.equal(30n);
    expect(await ben.purse.accept(bundle)).to.equal(0n);
    expect(total(ben.purse)).to.equal(30n);
    world.ledger.apply(ben.purse.pending()[0]!.record);
    expect(world.onLedger(ben)).to.equal(30n);
  });

  it("is not taken by its payer, by a stranger, nor by a purse that may not hold so much", async () => {
    await refused("not-for-us", ada.purse.accept(bundle));
    const cleo = await world.device("Cleo");
    await refused("unknown-recipient", cleo.purse.accept(bundle));
    await ben.purse.refresh({ receipts: await world.load(ben, [11n]) });
    await refused("over-balance-limit", ben.purse.accept(bundle));
    expect(total(ben.purse)).to.equal(11n);
  });
});
