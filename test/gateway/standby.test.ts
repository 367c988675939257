/** Several gateways over one store: one is active, and whichever is asked, each thing is done once. */
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { checkAcknowledgement, decodeAcknowledgement } from "../../protocol/acknowledgement.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { leafId } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { TABLE } from "../../gateway/postgres/postgres-store.ts";
import type { OrderRow } from "../../gateway/merchants/schema.ts";
import type { Lead, SharedStore } from "../../gateway/postgres/shared-store.ts";
import { findActive } from "../../gateway/standby/active-process.ts";
import { Letterbox } from "../../gateway/standby/letterbox.ts";
import { Peers } from "../../gateway/standby/peers.ts";
import { StoreAwayError } from "../../node/service/store-errors.ts";
import { toHex } from "../../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode } from "../../protocol/claim-code.ts";
import { systemRandom } from "../../protocol/random.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch, documentOf } from "../support/described-fetch.ts";
import { networkId, pay, promise, spend } from "../support/ledger-parts.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { ask, type Bank, MEMBER } from "./support/bank.ts";
import { post, TestDevice } from "./support/device.ts";
import {
  type Begun,
  merchantsRoot,
  merchantsTls,
  PASSWORD,
  shopCertificate,
  showing,
} from "./support/online-world.ts";
import { refusal } from "./support/refusal.ts";
import { Several } from "./support/several.ts";

describe("several gateways over one store", () => {
  const makeFolder = temporaryFolders();
  const server = sharedPostgres();
  let url: string;
  let several: Several;

  before(async () => {
    url = await server().makeDatabase();
  });
  beforeEach(async () => {
    await server().query(url, `DROP TABLE IF EXISTS ${TABLE}`);
    several = await Several.open(await makeFolder(), url);
    several.bank.node.ledger.deposit(MEMBER, 1_000_00n);
  });
  afterEach(async () => {
    await several[Symbol.asyncDispose]();
  });

  /** Two of them, and a device that is enrolled at the one that stands by. */
  async function two() {
    const [active, other] = [await several.start(), await several.start()];
    expect([active, other].map(({ gateway }) => gateway.isActive)).to.deep.equal([true, false]);
    const device = await TestDevice.enrolled(several.bank, "alice", 100_00n);
    return { active, other, device };
  }
  const submit = (leaf: Uint8Array) => post(`${several.bank.url}/v1/leaves`, encodeLeaves([leaf]));

  it("answer alike, whichever is asked", async () => {
    const { active, other, device } = await two();
    await device.load(50_00n);
    for (const member of [active, other]) {
      several.ask(member);
      expect(await several.bank.balance("alice")).to.deep.include({ available: "5000" });
      expect(await several.bank.staff<object>("/v1/books")).to.include({ total: "0" });
      await refusal("not-found", several.bank.balance("nobody"));
    }
    const documents = [active, other].map(({ gateway }) =>
      ask(`${gateway.urls.devices}/openapi.json`),
    );
    const [one, another] = await Promise.all(documents);
    expect(another).to.deep.equal(one);
  });

  it("take leaves in at once wherever they are handed in, and settle them [R-087]", async () => {
    const { other, device } = await two();
    await device.load(50_00n);
    several.ask(other);
    const record = await device.pay(device.owner, 10_00n);
    const acknowledgement = decodeAcknowledgement(await submit(record.bytes));
    const { issuer } = several.bank.node.ledger.bank(MEMBER);
    checkAcknowledgement(networkId, acknowledgement, issuer.publicKey, new NodeVerifier());
    await untilApplied(record);
    expect(
      await server().query(url, `SELECT key FROM ${TABLE} WHERE key >= 'B' AND key < 'C'`),
    ).to.deep.equal([]);
  });

  it("take leaves in while none is active, and the next that is hands them on", async () => {
    const { active, other, device } = await two();
    await device.load(50_00n);
    const record = await device.pay(device.owner, 10_00n);
    await several.stop(active);
    await several.untilActive(other);
    const third = await several.start();
    const { devices, staff } = third.gateway.urls;
    await Promise.all([devices, staff].map((each) => documentOf(each, true)));
    const blocker = several.store();
    await several.stop(other);
    const lead = await leading(blocker);
    await submit(record.bytes);
    const body = { account: "bob", customer: "Bob" };
    await refusal("unavailable", several.bank.staff("/v1/accounts", body));
    await lead.release();
    await blocker.close();
    await several.untilActive(third);
    await untilApplied(record);
    await several.bank.staff("/v1/accounts", body);
  });

  it("do once what is asked of two at once: a load, a deposit, a redemption [R-026]", async () => {
    const { active, other, device } = await two();
    const id = randomBytes(16);
    const everywhere = async <T>(act: () => Promise<T>) => {
      const asked = [active, other, active, other].map((member) => {
        several.ask(member);
        return act();
      });
      return Promise.all(asked);
    };
    const load = { kind: "load", id, amount: 50_00n, parts: [] } as const;
    await until("it is loaded", async () => {
      const answers = await everywhere(() => device.ask(load));
      return answers.every(({ state }) => state === "applied");
    });
    expect(device.balance()).to.equal(50_00n);
    const more = { amount: "700", reference: "counter:7" };
    await everywhere(() => several.bank.staff("/v1/accounts/alice/deposits", more));
    expect(await several.bank.balance("alice")).to.include({ available: "5700", held: "0" });
    const record = await device.redemption(20_00n);
    await everywhere(() => device.ask({ kind: "redeem", record }));
    await until("it is credited", async () => {
      const { available } = await several.bank.balance("alice");
      return available === "7700";
    });
    expect(await several.bank.staff<object>("/v1/books")).to.include({ total: "0" });
  });

  it("pay what is under a code once, wherever it is claimed [R-049]", async () => {
    const { active, other, device } = await two();
    await device.load(50_00n);
    await several.bank.customer("bert", 0n);
    const code = makeCode(systemRandom);
    const secret = await codeSecret(networkId, code, PASSWORD);
    const outputs = [promise(secret, MEMBER, 20_00n), pay(device.key, MEMBER, 30_00n)];
    const record = await spend({ signer: device.key, inputs: device.coins(), outputs });
    await submit(record.bytes);
    await untilApplied(record);
    const asked = { code: formatCode(networkId, code), password: PASSWORD, account: "bert" };
    const claims = () =>
      Promise.all(
        [active, other, active, other].map(({ gateway }) =>
          ask<{ state: string }>(`${gateway.urls.devices}/v1/claims`, asked),
        ),
      );
    await until("it is paid", async () => (await claims()).every(({ state }) => state === "paid"));
    expect(await several.bank.balance("bert")).to.include({ available: "2000" });
  });

  it("take one order and one payment of it, however many are begun wherever [R-121]", async () => {
    await several[Symbol.asyncDispose]();
    const folder = await makeFolder();
    const relays = { file: join(folder, "messages") };
    const settings = { "authorization.relays": relays };
    several = await Several.open(folder, url, { merchantsTls, settings });
    several.bank.node.ledger.deposit(MEMBER, 1_000_00n);
    await server().query(url, `DROP TABLE IF EXISTS ${TABLE}`);
    const both = [await several.start(), await several.start()];
    await openShop(several.bank);
    const body = JSON.stringify({ number: "7", amount: "500" });
    const orders = await Promise.all(
      both.map(async ({ gateway }) => {
        const headers = { "content-type": "application/json" };
        const address = `${gateway.urls.merchants!}/v1/orders`;
        const init = { method: "POST", headers, body };
        return (await (await showing(shopCertificate)(address, init)).json()) as OrderRow;
      }),
    );
    expect(orders[1]).to.deep.equal(orders[0]);
    const order = new URL(orders[0]!.paymentUrl).hash.slice(1);
    const begun: { address: string; token: string; code: string }[] = [];
    for (const { gateway } of both) {
      const page = `${gateway.urls.devices}/v1/pay/payments`;
      const known = { order, identity: "anna.online", password: PASSWORD };
      const { id, token, terminals } = await ask<Begun>(page, known);
      await ask(`${page}/${id}/code`, { token, account: 0, terminal: terminals[0]!.id });
      const last = (await readFile(relays.file, "utf8")).trim().split("\n").at(-1)!;
      const [code] = /\d{4} \d{4}/.exec(last)!;
      begun.push({ address: `${page}/${id}`, token, code: code! });
    }
    const enter = () =>
      Promise.allSettled(
        begun.map(({ address, token, code }) => ask(`${address}/authorization`, { token, code })),
      );
    const outcomes = await enter();
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    await until("the kiosk has it", async () => {
      return (await several.bank.balance("kiosk")).available === "500";
    });
    await enter();
    expect(await several.bank.balance("anna")).to.include({ available: "19500", held: "0" });
    expect(await several.bank.balance("kiosk")).to.include({ available: "500" });
  });

  it("take the place of one whose connection was cut, on the ports that they had [R-087]", async () => {
    const { active, other, device } = await two();
    const { urls } = other.gateway;
    const failed = active.gateway.failed.catch((error: unknown) => error);
    await server().query(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
    );
    expect(await failed).to.be.instanceOf(StoreAwayError);
    await several.untilActive(other);
    expect(other.gateway.urls).to.deep.equal(urls);
    // The one that lost it answers no more of what it knew.
    several.ask(active);
    await refusal("unavailable", several.bank.balance("alice"));
    several.ask(other);
    await device.load(10_00n);
    await several.stop(active);
  });

  it("say that the store is away, refuse to take what they could not keep, and go on when it is back [N-25]", async () => {
    const { active, other, device } = await two();
    await device.load(50_00n);
    several.ask(other);
    const record = await device.pay(device.owner, 10_00n);
    const failed = active.gateway.failed.catch((error: unknown) => error);
    await server().kill();
    expect(await failed).to.be.instanceOf(StoreAwayError);
    const away = await fetch(`${several.bank.url}/v1/leaves`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Uint8Array.from(encodeLeaves([record.bytes])),
    });
    expect([away.status, away.headers.get("retry-after")]).to.deep.equal([503, "1"]);
    await until("it is known", async () => {
      const answer = await fetch(`${other.gateway.urls.management}/readyz`);
      const { checks } = (await answer.json()) as { checks?: { store?: string } };
      return checks?.store === "the store does not answer";
    });
    await several.stop(active);
    await server().start();
    await several.untilActive(other);
    await submit(record.bytes);
    await untilApplied(record);
    expect(await several.bank.staff<object>("/v1/books")).to.include({ total: "0" });
  });

  it("pass on what is not flawless, and the active one remembers why", async () => {
    const { other, device } = await two();
    await device.load(50_00n);
    several.ask(other);
    const good = await device.pay(device.owner, 10_00n);
    const forged = Uint8Array.from(good.bytes);
    forged[forged.length - 60]! ^= 1;
    await refusal("bad-signature", submit(forged));
    await refusal("malformed", submit(good.bytes.subarray(1)));
    const stale = await device.request({ kind: "submit", leaves: [good.bytes] }, { signedTime: 1 });
    expect(await device.send(stale)).to.deep.include({ outcome: "refused" });
    await device.ask({ kind: "submit", leaves: [good.bytes] });
    await untilApplied(good);
  });

  it("tell whoever listens at one that stands by what becomes of a record", async () => {
    const { other, device } = await two();
    await device.load(50_00n);
    several.ask(other);
    const record = await device.pay(device.owner, 10_00n);
    const gone = new AbortController();
    const address = `${several.bank.url}/v1/records/${leafId(networkId, record)}/events`;
    const stream = await describedFetch(address, { signal: gone.signal });
    let said = "";
    const heard = (async () => {
      for await (const text of stream.body!.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (said.includes('"applied"')) return;
      }
    })();
    await submit(record.bytes);
    await heard;
    gone.abort();
    expect(said).to.match(/"applied"/);
  });

  it("know a merchant by the certificate that it showed to any of them, and by nothing that it says", async () => {
    await several[Symbol.asyncDispose]();
    several = await Several.open(await makeFolder(), url, { merchantsTls });
    await server().query(url, `DROP TABLE IF EXISTS ${TABLE}`);
    await several.start();
    const other = await several.start();
    await openShop(several.bank);
    const address = `${other.gateway.urls.merchants!}/v1/orders/none`;
    const found = await showing(shopCertificate)(address);
    expect(found.status).to.equal(404);
    const stranger = makeCertificate("another", merchantsRoot);
    const shown = { "tallystick-certificate": toHex(fingerprintOf(shopCertificate.certificate)) };
    const refused = await showing(stranger)(address, { headers: shown });
    expect(refused.status).to.be.oneOf([401, 403]);
  });

  it("take what is passed on from those alone who know the secret in the store [N-13]", async () => {
    const { other, device } = await two();
    const { url: peers, secret } = (await findActive(other.shared.standby))!;
    const asked = (headers: Record<string, string>) =>
      fetch(`${peers}/v1/accounts/alice`, { headers }).then(({ status }) => status);
    const listener = { "tallystick-listener": "staff" };
    expect(await asked({ ...listener, "tallystick-secret": secret })).to.equal(200);
    expect(await asked({ ...listener, "tallystick-secret": `${secret}0` })).to.equal(421);
    expect(await asked(listener)).to.equal(421);
    expect(await asked({ "tallystick-secret": secret })).to.equal(421);
    expect(device.balance()).to.equal(0n);
    const open = { host: "0.0.0.0", port: 0 };
    expect(() => new Peers(secret, () => undefined, open))
      .to.throw("peers.tls")
      .with.property("code", "bad-configuration");
  });

  it("take in only so much while nobody empties it, strangers' half of it at most", async () => {
    const { device } = await two();
    await device.load(50_00n);
    const records = await Promise.all(
      [10n, 20n, 30n, 40n].map((amount) => device.pay(device.owner, amount)),
    );
    const kept = new Map<string, Uint8Array>();
    let time = 0;
    const letterbox = new Letterbox({
      networkId,
      member: MEMBER,
      issuer: several.bank.node.ledger.bank(MEMBER).issuer,
      store: {
        getMany: async (names) => names.map((name) => kept.get(toHex(name))),
        write: async (changes) => {
          for (const { key, value } of changes) kept.set(toHex(key), value!);
        },
      },
      random: systemRandom,
      clock: () => time,
      leavesMax: 4,
    });
    const take = (i: number, isOwn: boolean) => {
      // Long enough to look again whether any were moved.
      time += 1_000;
      return letterbox.take([records[i]!.bytes], isOwn);
    };
    await take(0, false);
    await take(1, false);
    await refusal("busy", take(2, false));
    await take(2, true);
    await take(3, true);
    await refusal("busy", take(0, true));
    kept.clear();
    await take(0, false);
    expect(letterbox.size).to.equal(1);
  });

  async function untilApplied(record: SignedRecord): Promise<void> {
    const address = `${several.bank.url}/v1/records/${leafId(networkId, record)}`;
    await until("it has applied", async () => {
      const { state } = await ask<{ state: string }>(address);
      return state === "applied";
    });
  }

  async function leading(store: SharedStore) {
    let lead: Lead | undefined;
    await until("nobody is active", async () => (lead = await store.lead()) !== undefined);
    return lead!;
  }
});

function fingerprintOf(certificate: string): Uint8Array {
  return createHash("sha256").update(new X509Certificate(certificate).raw).digest();
}

/** Anna has an account and pays online; the kiosk has one and shows its certificate. */
async function openShop(bank: Bank): Promise<void> {
  await bank.customer("anna", 20_000n);
  await bank.staff("/v1/online-services", {
    customer: "customer of anna",
    accounts: ["anna"],
    identities: [{ kind: "chosen", text: "anna.online" }],
    terminals: [{ channel: "file", address: "anna-phone", language: "en" }],
    password: PASSWORD,
  });
  await bank.staff("/v1/accounts", { account: "kiosk", customer: "kiosk" });
  await bank.staff("/v1/merchants", { merchant: "kiosk", account: "kiosk", label: "Kiosk" });
  const { certificate } = shopCertificate;
  await bank.staff("/v1/merchants/kiosk/certificates", { certificate });
}
