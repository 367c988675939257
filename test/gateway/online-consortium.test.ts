/** An online payment over the nodes of a real consortium, its chain and its contracts: two banks, one record. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { GatewayConfigSchema } from "../../gateway/config.ts";
import type { PaymentView } from "../../gateway/authorization/schema.ts";
import { Gateway } from "../../gateway/gateway.ts";
import type { OrderRow } from "../../gateway/merchants/schema.ts";
import { encodePublished } from "../../gateway/published.ts";
import { NodeClient } from "../../node/client.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { parseConfig } from "../../node/service/config-file.ts";
import { mutualFetch } from "../../node/service/mutual-fetch.ts";
import { makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { toHex } from "../../protocol/bytes.ts";
import { signTrustList } from "../../protocol/lists.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { Consortium } from "../support/consortium.ts";
import { seed } from "../support/network.ts";
import { until } from "../support/until.ts";
import { ask, checked, intakeKey } from "./support/bank.ts";

const [CUSTOMERS, MERCHANTS] = [1, 2];
const PATIENCE_MS = 60_000;
const PASSWORD = "correct horse";

const root = makeCertificate("authority");
const issuedBy = { name: "authority", privateKey: root.privateKey };
const server = makeCertificate("gateway", issuedBy);
const kiosk = makeCertificate("kiosk", issuedBy);
const tlsOf = ({ certificate, key }: { certificate: string; key: string }) => ({
  certificate,
  key,
  authority: root.certificate,
});

describe("an online payment over a real consortium", function () {
  this.timeout(240_000);
  const parts = new AsyncDisposableStack();
  let consortium: Consortium;
  let customers: Gateway;
  let merchants: Gateway;

  before(async () => {
    consortium = parts.use(await Consortium.open(4));
    await Promise.all(consortium.members.map((member) => consortium.start(member)));
    await consortium.deposit(CUSTOMERS, 10_000n);
    const trust = NodeSigner.generate();
    customers = parts.use(await startGateway(CUSTOMERS, trust));
    merchants = parts.use(await startGateway(MERCHANTS, trust));
  });
  after(async () => {
    await parts.disposeAsync();
  });

  const issuerOf = (member: number) => NodeSigner.fromScalar(seed(`issuer ${member}`));
  const folderOf = (member: number) => join(consortium.folder, `gateway ${member}`);

  async function startGateway(member: number, trust: NodeSigner): Promise<Gateway> {
    const { network, networkId } = consortium;
    const at = folderOf(member);
    await mkdir(at, { recursive: true });
    const now = Date.now();
    const fields = { version: 1, issued: now, notAfter: now + 86_400_000 };
    const members = [CUSTOMERS, MERCHANTS].map((each) => ({
      member: each,
      status: 1 as const,
      issuer: issuerOf(each).publicKey,
      guarantee: 50_000n,
      name: `Bank ${each}`,
    }));
    const list = { ...fields, nextTrustKey: trust.publicKey, members };
    const lists = join(at, "lists.bin");
    await writeFile(
      lists,
      encodePublished({ trust: [await signTrustList(networkId, list, trust)] }),
    );
    const node = consortium.nodes.get(member)!.url;
    const config = parseConfig(
      JSON.stringify({
        network: "network.json",
        data: "data",
        member,
        node,
        keys: { issuer: "issuer.json", treasury: "treasury.json", intake: "intake.json" },
        authority: { trustKey: toHex(trust.publicKey), lists },
        devices: { port: 0 },
        staff: { port: 0, access: "open" },
        management: { port: 0 },
        merchants: { port: 0 },
        authorization: { relays: { file: join(at, "messages") } },
        watch: { everyMs: 50 },
        intake: { firstLookMs: 100 },
      }),
      "test",
      GatewayConfigSchema,
    );
    const gateway = new Gateway(
      {
        network: { ...network, gateways: [] },
        keys: {
          issuer: issuerOf(member),
          treasury: consortium.treasury(member),
          intake: intakeKey,
        },
        store: parts.use(await CheckedStore.open(join(at, "store"), { create: true })),
        node: new NodeClient({ url: node }),
        verifier: new NodeVerifier(),
        random: systemRandom,
        clock: Date.now,
        logger: makeLogger({ name: "gateway", level: "silent" }),
        metrics: new Metrics(),
      },
      { ...config, tls: { merchants: tlsOf(server) } },
    );
    await gateway.start();
    return gateway;
  }

  const available = async ({ staffUrl }: Gateway, account: string) =>
    (await ask<{ available: string }>(`${staffUrl}/v1/accounts/${account}`)).available;

  it("freezes at the customer's bank, settles on the ledger of all, and is credited at the merchant's [R-115, R-135, R-136, R-141, R-156]", async () => {
    await ask(`${customers.staffUrl}/v1/accounts`, { account: "anna", customer: "anna" });
    const slip = { amount: "5000", reference: "slip" };
    await ask(`${customers.staffUrl}/v1/accounts/anna/deposits`, slip);
    await ask(`${customers.staffUrl}/v1/online-services`, {
      customer: "anna",
      accounts: ["anna"],
      identities: [{ kind: "account", text: "anna" }],
      terminals: [{ channel: "file", address: "phone", language: "en" }],
      password: PASSWORD,
    });
    await ask(`${merchants.staffUrl}/v1/accounts`, { account: "kiosk", customer: "kiosk" });
    const row = { merchant: "kiosk", account: "kiosk", label: "Kiosk" };
    await ask(`${merchants.staffUrl}/v1/merchants`, row);
    const { certificate } = kiosk;
    await ask(`${merchants.staffUrl}/v1/merchants/kiosk/certificates`, { certificate });

    const shop = mutualFetch(tlsOf(kiosk));
    const headers = { "content-type": "application/json" };
    const order = JSON.stringify({ number: "1", amount: "1250" });
    const url = `${merchants.merchantsUrl}/v1/orders`;
    const seen = async (init?: Parameters<typeof shop>[1], path = "") =>
      (await checked(await shop(url + path, init)).then((good) => good.json())) as OrderRow;
    const { paymentUrl } = await seen({ method: "POST", headers, body: order });

    const page = <Reply>(path: string, body: object) =>
      ask<Reply>(`${customers.url}/v1/pay/${path}`, body);
    const begun = await page<PaymentView & { token: string }>("payments", {
      order: new URL(paymentUrl).hash.slice(1),
      identity: "anna",
      password: PASSWORD,
    });
    const { id, token, terminals } = begun;
    const terminal = terminals[0]!.id;
    await page(`payments/${id}/code`, { token, account: 0, terminal, mode: "page" });
    const messages = await readFile(join(folderOf(CUSTOMERS), "messages"), "utf8");
    const [code] = /\d{4} \d{4}/.exec(messages.trim().split("\n").at(-1)!)!;
    await page(`payments/${id}/authorization`, { token, code });
    await until(
      "the merchant is paid",
      async () => (await seen(undefined, "/1")).state === "paid",
      PATIENCE_MS,
    );
    await until("the customer's payment is at its end", async () => {
      return (await page<PaymentView>(`payments/${id}`, { token })).state === "paid";
    });
    expect(await available(customers, "anna")).to.equal("3750");
    expect(await available(merchants, "kiosk")).to.equal("1250");
    const { record } = await seen(undefined, "/1");
    for (const member of consortium.members) {
      await until(`member ${member} has it`, async () => {
        const [status] = await consortium.client(member).statuses([record as `0x${string}`]);
        return status!.state === "applied";
      });
    }
    const { rows } = await consortium.client(MERCHANTS).identities();
    for (const [name, held] of Object.entries(rows)) expect(held.holds, name).to.equal(true);
  });
});
