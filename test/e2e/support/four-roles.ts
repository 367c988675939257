/**
 * Who sees what of one payment, by reading everything there is to read: every database and file on the disks, every
 * GET route of every listener, every log, what the banks' own systems are told, and the chain.
 * Its bank knows the customer in every way there is: account, online service, money under a code, a merchant. docs/REGULATORS.md has the same as a table.
 */
import assert from "node:assert/strict";
import events from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ChainClient } from "../../../node/chain/chain-client.ts";
import { quantity } from "../../../node/chain/rpc.ts";
import { tableNames } from "../../../node/export/tables.ts";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import type { AuditKey } from "../../../protocol/envelope.ts";
import { fromHex, type Hex, toHex } from "../../../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode } from "../../../protocol/claim-code.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { decodeLeaf } from "../../../protocol/leaf.ts";
import { lock } from "../../../protocol/output.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { systemRandom } from "../../../protocol/random.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import { signShowing } from "../../../protocol/showing.ts";
import { verifyPresentation } from "../../../scripts/commands/evidence-payment.ts";
import * as act from "../../../scripts/wallet/actions.ts";
import {
  merchantsRoot,
  merchantsTls,
  PASSWORD,
  shopCertificate,
  showing,
} from "../../gateway/support/online-world.ts";
import { makeCertificate } from "../../../scripts/devnet/certificates.ts";
import { call } from "../../support/chain.ts";
import { ConsortiumBank } from "../../support/consortium-bank.ts";
import type { Consortium } from "../../support/consortium.ts";
import { type HeldCoin, payTo } from "../../support/money.ts";
import { quiet, take } from "../../support/network.ts";
import {
  assertUntold,
  formsOf,
  isTold,
  linesOf,
  type Person,
  type Shown,
  shownBy,
  type Subjects,
  unanswered,
} from "../../support/shown.ts";
import { storedIn } from "../../support/stored.ts";
import { until } from "../../support/until.ts";
import { payOrder } from "./paid-order.ts";
import { payingWallets } from "./paying-wallets.ts";

/** The network that the openings are shown on, and what its people do there. */
export type Openings = {
  readonly consortium: Consortium;
  readonly audit: AuditKey;
  /** Of the console that the observer serves. */
  readonly token: string;
  /** Asks for the identity of a key's owner, with the item written to `out`. @returns the request's number. */
  readonly ask: (out: string, owner: Hex) => Promise<number>;
  readonly agree: (name: string, id: number, item: string) => Promise<unknown>;
  /** Asks all holders' services, and writes their answers. */
  readonly open: (id: number, item: string) => Promise<unknown>;
  /** Puts answers together. @param requester its key file. */
  readonly combine: (id: number, item: string, requester?: string) => Promise<string>;
  readonly refuses: (work: Promise<unknown>, code: RefusalCode, text: RegExp) => Promise<void>;
};

const [PAYER, PAYEE] = [1, 2];
const OBSERVER = 0;
/** What only their banks know of them. */
const ADA = {
  account: "ada-1815",
  customer: "customer 4711, Ada Byron",
  identity: "ada.lovelace",
  phone: "ada-phone-0018",
};
const KIOSK = { account: "kiosk-2201", customer: "customer 2201, Kiosk Ltd" };

const LOADED = 100n;
const PAID = 30n;
const ORDER = "order-4031";

/** Stops the network at its end. */
export function fourRoles(of: () => Openings): void {
  describe("and each role's view of a payment", () => {
    const banks = new AsyncDisposableStack();
    let payers: ConsortiumBank;
    let payees: ConsortiumBank;
    let ada: NodeSigner;
    let till: NodeSigner;
    /** The banks' own systems, which are told of events. */
    let told: ToldSystem;
    /** What Ada's identity is sealed in. */
    let envelope: Buffer;
    let subjects: Subjects;
    /** The request for Ada's identity, and its item. */
    let asked: { readonly id: number; readonly item: string };

    before(async () => {
      const { consortium, audit } = of();
      await consortium.deposit(PAYER, 10_000n);
      payers = banks.use(await ConsortiumBank.open(consortium, PAYER, audit));
      payees = banks.use(await ConsortiumBank.open(consortium, PAYEE, audit, merchantsTls));
      till = await payees.enrolled(KIOSK, { class: "terminal", label: "At the gate" });
      told = banks.use(await ToldSystem.start());
      for (const bank of [payers, payees]) await tellOf(bank, told);
      const [card, coin] = await payers.loadedCard(ADA, LOADED);
      ada = card;
      await openService(payers, ADA);
      const outputs = [payTo(till, PAYEE, PAID), payTo(ada, PAYER, LOADED - PAID)];
      const payment = await consortium.spend(ada, [coin], outputs);
      await payees.ask(till, { kind: "submit", leaves: [payment.bytes] });
      const id = consortium.idOf(payment);
      await consortium.untilApplied([id]);
      await registerMerchant(payees, KIOSK);
      const slip = { amount: "10", reference: "slip" };
      await payers.staff(`/v1/accounts/${ADA.account}/deposits`, slip);
      const { identity } = ADA;
      const order = { shop: showing(shopCertificate), number: ORDER, identity, password: PASSWORD };
      await payOrder(consortium, { payers, payees, ...order });
      const claim = await payByCode(consortium, {
        ada,
        change: consortium.coinsOf(payment)[1]!,
        payers,
        payees,
      });
      for (const { url } of consortium.nodes.values()) {
        const isSettled = async () => (await fetch(`${url}/v1/records/${id}/statement`)).ok;
        await until("the payment is settled", isSettled);
      }
      const leaf = await consortium.client(PAYEE).enrolmentLeaf(ownerOf(ada.publicKey));
      envelope = Buffer.from(decodeLeaf(leaf).envelope);
      subjects = {
        id: [id],
        owner: [ownerOf(ada.publicKey), ownerOf(till.publicKey)],
        outpoint: [coin.outpoint, consortium.coinsOf(payment)[0]!.outpoint],
        member: consortium.members.map(String),
        cycle: ["1"],
        claim: [claim],
        root: await rootsOf(consortium),
        table: tableNames,
        from: [id, ownerOf(ada.publicKey)],
      };
    });

    after(() => banks.disposeAsync());

    /** What a bank's listeners show, whoever asks: to devices, to its own people, and to who runs it. */
    const shownByBank = ({ gateway }: ConsortiumBank, of: Person) => {
      const [account, identity] = [[of["account"]!], [of["identity"] ?? "nobody"]];
      return Promise.all(
        [gateway.url, gateway.staffUrl, gateway.managementUrl].map((url) =>
          shownBy(url, { ...subjects, account, identity, number: ["1"] }),
        ),
      );
    };

    it("has who the payer is at its own bank alone, for the bank's people alone [N-22, R-101]", async () => {
      const [toDevices = [], toStaff = [], toOperators = []] = await shownByBank(payers, ADA);
      for (const secret of Object.values(ADA)) assert.ok(isTold(toStaff, secret), secret);
      assertUntold([...toDevices, ...toOperators], ADA, KIOSK);
      assertUntold(toStaff, KIOSK);
      // Money under a code was claimed at the other bank, no device has a second factor, and payments are
      // looked up by a node with an index.
      const others = [
        "/v1/claims/{claim}",
        "/v1/counter/claims/{claim}",
        "/v1/devices/{owner}/second-factor",
        "/v1/payments",
      ];
      assert.deepEqual(unanswered([...toDevices, ...toStaff, ...toOperators]), others);
      const heard = told.of(payers.member);
      assert.ok(isTold(heard, ownerOf(ada.publicKey)), "its system hears of the load");
      assertUntold(heard, ADA, KIOSK);
    });

    it("has the payment registered at the payee's bank to the merchant whose till it is, and of the payer a key alone [N-22, R-047, R-048]", async () => {
      const [toDevices = [], toStaff = [], toOperators = []] = await shownByBank(payees, KIOSK);
      for (const secret of Object.values(KIOSK)) assert.ok(isTold(toStaff, secret), secret);
      assertUntold([...toDevices, ...toOperators], ADA, KIOSK);
      // The till's payment, the merchant, and the money that Ada left under a code.
      const heard = told.of(payees.member);
      assert.ok(isTold(heard, subjects["id"]![0]!), "its system hears of the payment");
      assertUntold([...toStaff, ...linesOf(payees.log), ...heard], ADA);
      const owner = ownerOf(till.publicKey);
      const { account } = await payees.staff<{ account: string }>(`/v1/devices/${owner}`);
      assert.equal(account, KIOSK.account);
      const { balance } = await of().consortium.client(PAYER).enrolment(owner);
      assert.equal(balance, String(PAID));
    });

    it("has an order paid for the merchant whose it is, with nothing of who paid it, and for no other merchant anything [N-22]", async () => {
      const { merchantsUrl } = payees.gateway;
      const orders = { ...subjects, number: [ORDER], day: [new Date().toISOString().slice(0, 10)] };
      const toShop = await shownBy(merchantsUrl!, orders, "", showing(shopCertificate));
      assert.deepEqual(unanswered(toShop), []);
      assert.ok(isTold(toShop, '"state":"paid"'));
      assertUntold(toShop, ADA);
      const stranger = showing(makeCertificate("another shop", merchantsRoot));
      const toOther = await stranger(`${merchantsUrl}/v1/orders/${ORDER}`);
      assert.equal(toOther.status, 401);
      assertUntold(linesOf([await toOther.text()]), ADA, KIOSK);
    });

    it("has keys, amounts and sealed envelopes at members and observers, and no person on any route, console, export or log [N-22, R-073, R-101, R-103]", async () => {
      const { consortium, token } = of();
      const conflicts = ["/v1/conflicts/{id}", "/v1/conflicts/{id}/evidence"];
      const traces = ["/v1/trace", "/v1/flows/{cycle}", "/v1/owners/{owner}/records"];
      const { url, consoleUrl } = consortium.nodes.get(OBSERVER)!;
      const views = [
        // Nothing was spent twice here, and members keep no index of traces.
        ...[PAYER, PAYEE].map((member) => ({
          url: consortium.nodes.get(member)!.url,
          without: [...conflicts, ...traces],
        })),
        ...[url, consoleUrl!].map((each) => ({ url: each, without: conflicts })),
      ];
      const read = views.map(async ({ url: origin, without }) => {
        const shown = await shownBy(origin, subjects, token);
        assert.deepEqual(unanswered(shown), without.toSorted());
        assertUntold(shown, ADA, KIOSK);
        assert.ok(isTold(shown, ownerOf(ada.publicKey)));
        assert.ok(isTold(shown, envelope));
      });
      await Promise.all(read);
      assert.ok(consortium.said.length > 0);
      assertUntold(linesOf(consortium.said), ADA, KIOSK);
    });

    it("has the way of the money for a regulator without a grant, for whom honest holders open nothing [N-10, N-22, R-102]", async () => {
      const { consortium, refuses, ask, open } = of();
      const { url } = consortium.nodes.get(OBSERVER)!;
      const trace = await fetch(`${url}/v1/trace?from=${ownerOf(till.publicKey)}`);
      const way = await trace.text();
      for (const { publicKey } of [ada, till]) assert.ok(way.includes(ownerOf(publicKey)));
      const item = join(consortium.folder, "ada.bin");
      asked = { item, id: await ask(item, ownerOf(ada.publicKey)) };
      await refuses(open(asked.id, item), "not-granted", /0 approvals.*0 approvals.*0 approvals/);
    });

    it("has one identity for a regulator with a grant, for nobody else, and no other one [N-10, N-22, R-103]", async () => {
      const { consortium, agree, ask, combine, open, refuses } = of();
      const { id, item } = asked;
      for (const holder of ["Court", "Central Bank"]) await agree(holder, id, item);
      await open(id, item);
      assert.equal(await combine(id, item), ADA.customer);

      const other = join(consortium.folder, "another regulator.json");
      await createKeyFile(other, StoredKey.generate("P-256"));
      await refuses(combine(id, item, other), "not-for-us", /./);
      const others = join(consortium.folder, "kiosk.bin");
      const next = await ask(others, ownerOf(till.publicKey));
      await refuses(open(id, others), "not-granted", /something else/);
      await refuses(open(next, others), "not-granted", /0 approvals/);
      const chain = await chainOf(consortium);
      assert.ok(isTold(chain, subjects["root"]![0]!));
      for (const { publicKey } of [ada, till]) assert.ok(!isTold(chain, ownerOf(publicKey)));
      assertUntold(chain, ADA, KIOSK);
    });

    it("has one payment for whoever a party to it shows it to, in that one's words, and no other payment [N-22, R-087]", async () => {
      const { consortium, refuses } = of();
      await using wallets = await payingWallets(consortium, payers, "Café Zur Post 8FVC2222+22");
      const { person, shop, id } = wallets;
      const words = "Tax office, file 77, number 4031";
      const at = (name: string) => join(consortium.folder, name);
      const network = at("network.json");
      for (const wallet of [person, shop]) {
        const { file } = await act.show(wallet, id, { words });
        await writeFile(at("shown.json"), file);
        const { lines, data } = await verifyPresentation(at("shown.json"), { network, words });
        const { amount, parties, shownBy, cycle } = data as Record<string, any>;
        assert.equal(amount, 30n);
        assert.ok(cycle >= 1);
        assert.equal(shownBy.role, wallet === person ? "payer" : "payee");
        const [party, ...more] = parties;
        assert.deepEqual(
          [party.role, party.label, party.member],
          ["payee", "Café Zur Post 8FVC2222+22", PAYER],
        );
        assert.deepEqual([party.place.south, party.place.west], [47, 8]);
        assert.deepEqual(more, []);
        assert.match(lines.join("\n"), /0\.30 EUR to "Café Zur Post 8FVC2222\+22"/);
        assert.match(lines.join("\n"), /the payee stands: 8FVC2222\+22, latitude 47 to 47\.000125/);
        const asked = verifyPresentation(at("shown.json"), { network, words: "a bank, number 1" });
        await refuses(asked, "not-for-us", /Tax office/);
        // Of all the records there are it has one.
        assert.equal(file.match(/"record"/g)?.length, 1);
      }
      await refuses(act.show(person, `0x${"77".repeat(32)}`, { words }), "not-found", /remembers/);
      await refuses(act.show(person, id, { words: "" }), "malformed", /nobody's words/);
      const stranger = await signShowing(
        consortium.networkId,
        { id, time: Date.now(), words, certificates: [] },
        NodeSigner.generate(),
      );
      await refuses(shop.presentation(stranger.bytes, {}), "bad-proof", /no party/);
    });

    it("has each customer on the disk of its own bank's gateway, and on no other disk [N-22, R-073, R-101, R-103]", async () => {
      const { consortium } = of();
      await banks.disposeAsync();
      const members = [...consortium.nodes.keys()];
      for (const member of members) await consortium.stop(member);
      const stored = await storedIn(consortium.folder);
      /** Files and databases in which something stands. */
      const placesOf = (what: string | Buffer) =>
        stored.filter(({ bytes }) => bytes.includes(what)).map(({ at }) => at);
      const foldersOf = (person: Person) =>
        new Set(
          formsOf(person)
            .flatMap(placesOf)
            .map((at) => at.split("/")[0]!),
        );
      // What the bank has written to her telephone goes to a file here.
      assert.deepEqual([...foldersOf(ADA)].sort(), [`gateway${PAYER}`, `messages${PAYER}`]);
      assert.deepEqual([...foldersOf(KIOSK)], [`gateway${PAYEE}`]);
      const owner = Buffer.from(fromHex(ownerOf(ada.publicKey)));
      for (const member of members) {
        assert.ok(placesOf(owner).includes(`node${member}/ledger`));
        assert.ok(placesOf(envelope).includes(`node${member}/leaves`));
      }
      assert.ok(placesOf(owner).includes(`node${OBSERVER}/trace`));
    });
  });
}

/** A bank's system that is told of events, and keeps all it was told. */
class ToldSystem implements AsyncDisposable {
  readonly #server: Server;
  readonly #heard = new Map<string, string[]>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ToldSystem> {
    const server = createServer();
    const system = new ToldSystem(server);
    server.on("request", (request, response) => {
      void text(request).then((body) => {
        const heard = system.#heard.get(request.url!) ?? [];
        system.#heard.set(request.url!, [...heard, body]);
        response.writeHead(204).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await events.once(server, "listening");
    return system;
  }

  urlOf(member: number): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${member}`;
  }

  of(member: number): Shown[] {
    return linesOf(this.#heard.get(`/${member}`) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await events.once(this.#server, "close");
  }
}

async function tellOf(bank: ConsortiumBank, system: ToldSystem): Promise<void> {
  await bank.staff("/v1/webhooks", {
    url: system.urlOf(bank.member),
    kinds: ["record", "load"],
  });
}

async function registerMerchant(bank: ConsortiumBank, { account }: typeof KIOSK): Promise<void> {
  await bank.staff("/v1/merchants", {
    merchant: "kiosk",
    account,
    label: "At the gate",
    resultsUrl: "https://kiosk.example/results",
    isIntermediary: false,
  });
  const { certificate } = shopCertificate;
  await bank.staff("/v1/merchants/kiosk/certificates", { certificate });
}

/** Ada leaves money under a code, and the kiosk's owner claims it at the counter of its own bank. */
async function payByCode(
  consortium: Consortium,
  of: {
    readonly ada: NodeSigner;
    readonly change: HeldCoin;
    readonly payers: ConsortiumBank;
    readonly payees: ConsortiumBank;
  },
): Promise<string> {
  const { networkId } = consortium;
  const [code, password] = [makeCode(systemRandom), "open sesame"];
  const owner = ownerOf(await codeSecret(networkId, code, password));
  const amount = 10n;
  const rest = of.change.output.amount - amount;
  const record = await consortium.spend(
    of.ada,
    [of.change],
    [{ lock: lock.claim, owner, custodian: PAYEE, amount }, payTo(of.ada, PAYER, rest)],
  );
  await of.payers.ask(of.ada, { kind: "submit", leaves: [record.bytes] });
  await consortium.untilApplied([consortium.idOf(record)]);
  const asked = { code: formatCode(networkId, code), password, account: KIOSK.account };
  type View = { readonly state: string; readonly claim: string };
  const view = () => of.payees.staff<View>("/v1/counter/claims", asked);
  await until("the claim is paid", async () => (await view()).state === "paid");
  return (await view()).claim;
}

/** The customer can pay online: an identity that it chose, and a telephone. */
async function openService(bank: ConsortiumBank, person: typeof ADA): Promise<void> {
  await bank.staff("/v1/online-services", {
    customer: person.customer,
    accounts: [person.account],
    identities: [{ kind: "chosen", text: person.identity }],
    terminals: [{ channel: "file", address: person.phone, language: "en" }],
    password: PASSWORD,
  });
}

/** Of every batch on chain. */
async function rootsOf({ network }: Consortium): Promise<Hex[]> {
  await using chain = new ChainClient({ network, logger: quiet }, { pollMs: 20 });
  await chain.start();
  const events = await take(chain, (await chain.reader.settlement()).seq);
  return events.flatMap(({ event }) => (event.kind === "sequenced" ? [toHex(event.root)] : []));
}

/** Every block with its transactions, and everything that contracts have logged. */
async function chainOf({ network }: Consortium): Promise<Shown[]> {
  const [url] = network.rpcUrls;
  const head = Number(await call<Hex>(url!, "eth_blockNumber"));
  const range = { fromBlock: "0x0", toBlock: quantity(head) };
  const answers: unknown[] = [await call(url!, "eth_getLogs", range)];
  for (let number = 0; number <= head; number++) {
    answers.push(await call(url!, "eth_getBlockByNumber", quantity(number), true));
  }
  return linesOf(answers.map((answer) => JSON.stringify(answer)));
}
