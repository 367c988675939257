/** A member's gateway before the nodes of a whole consortium: what its staff does there, and what devices ask of it. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GatewayConfigSchema } from "../../gateway/config.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { encodePublished } from "../../gateway/published.ts";
import { NodeClient } from "../../node/client.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { parseConfig } from "../../node/service/config-file.ts";
import type { TlsMaterial } from "../../node/service/listener.ts";
import { makeLogger, Metrics } from "../../node/service/telemetry.ts";
import type { Answer } from "../../protocol/answer.ts";
import type { Ask } from "../../protocol/ask.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply } from "../../protocol/device-reply.ts";
import { signDeviceRequest } from "../../protocol/device-request.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import type { AuditKey } from "../../protocol/envelope.ts";
import type { RequestKind } from "../../protocol/gateway-messages.ts";
import { ownerOf } from "../../protocol/key.ts";
import { signTrustList } from "../../protocol/lists.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { refusalOf } from "../../protocol/reason.ts";
import { ask as askJson, intakeKey } from "../gateway/support/bank.ts";
import { post } from "../gateway/support/device.ts";
import type { Consortium } from "./consortium.ts";
import { type HeldCoin, payTo } from "./money.ts";
import { seed } from "./network.ts";
import { until } from "./until.ts";

/** What the bank certifies of a device. */
type Certified = { readonly class: "software" | "terminal"; readonly label: string };
type Customer = { readonly account: string; readonly customer: string };

const PERSONS: Certified = { class: "software", label: "" };

export class ConsortiumBank implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly member: MemberId;
  /** Where its store is. */
  readonly folder: string;
  /** Everything that the gateway says, in every detail. */
  readonly log: readonly string[];
  readonly #consortium: Consortium;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    consortium: Consortium,
    member: MemberId,
    gateway: Gateway,
    log: readonly string[],
    parts: AsyncDisposableStack,
  ) {
    this.#consortium = consortium;
    this.member = member;
    this.folder = folderOf(consortium, member);
    this.gateway = gateway;
    this.log = log;
    this.#parts = parts;
  }

  /**
   * @param audit the key that customers are sealed to; without it enrolments carry none.
   * @param merchants by which merchants are known; without it none is listened to.
   */
  static async open(
    consortium: Consortium,
    member: MemberId,
    audit?: AuditKey,
    merchants?: TlsMaterial,
  ): Promise<ConsortiumBank> {
    await using parts = new AsyncDisposableStack();
    const { network } = consortium;
    const node = consortium.nodes.get(member)!.url;
    const issuer = NodeSigner.fromScalar(seed(`issuer ${member}`));
    const { trustKey, lists } = await publishTrust(consortium, member, issuer);
    const config = parseConfig(
      JSON.stringify({
        network: "network.json",
        data: "data",
        member,
        node,
        keys: { issuer: "issuer.json", treasury: "treasury.json", intake: "intake.json" },
        authority: { trustKey: toHex(trustKey), lists },
        ...(audit && { audit: { epoch: audit.epoch, key: toHex(audit.publicKey) } }),
        devices: { port: 0 },
        staff: { port: 0, access: "open" },
        management: { port: 0 },
        merchants: { port: 0 },
        webhooks: { plainLoopback: true },
        authorization: { relays: { file: join(consortium.folder, `messages${member}`) } },
        watch: { everyMs: 50 },
        lost: { everyMs: 100, sweepMs: 200 },
        accounts: { sweepMs: 500 },
        intake: { firstLookMs: 100 },
      }),
      "test",
      GatewayConfigSchema,
    );
    const log: string[] = [];
    const folder = folderOf(consortium, member);
    const gateway = new Gateway(
      {
        network: { ...network, gateways: [] },
        keys: { issuer, treasury: consortium.treasury(member), intake: intakeKey },
        store: parts.use(await CheckedStore.open(folder, { create: true })),
        node: new NodeClient({ url: node }),
        verifier: new NodeVerifier(),
        random: systemRandom,
        clock: Date.now,
        logger: makeLogger({
          name: "gateway",
          level: "debug",
          stream: { write: (line) => log.push(line) },
        }),
        metrics: new Metrics(),
      },
      { ...config, tls: merchants === undefined ? {} : { merchants } },
    );
    await parts.use(gateway).start();
    return new ConsortiumBank(consortium, member, gateway, log, parts.move());
  }

  /** @throws Refusal as the problem document names it. */
  staff<Reply>(path: string, body?: object): Promise<Reply> {
    return askJson<Reply>(`${this.gateway.staffUrl}${path}`, body);
  }

  /** What a device asks of the gateway. @throws Refusal as the reply says. */
  async ask<K extends RequestKind>(
    card: NodeSigner,
    what: Ask & { readonly kind: K },
  ): Promise<Answer & { kind: K }> {
    const { networkId } = this.#consortium;
    const { member } = this;
    const fields = { member, signedTime: Date.now(), nonce: randomBytes(16), ask: what };
    const request = await signDeviceRequest(networkId, fields, card);
    const reply = decodeDeviceReply(await post(`${this.gateway.url}/v1/device`, request.bytes));
    checkReplyTo(request, reply);
    if (reply.outcome === "refused") throw refusalOf(reply.reason);
    return reply.answer as Answer & { kind: K };
  }

  /** A device of a new customer's, enrolled. */
  async enrolled({ account, customer }: Customer, certified = PERSONS): Promise<NodeSigner> {
    const card = NodeSigner.generate();
    await this.staff("/v1/accounts", { account, customer });
    const { credential } = await this.staff<{ credential: string }>(
      `/v1/accounts/${account}/credentials?${new URLSearchParams(certified).toString()}`,
      {},
    );
    const consent = await card.sign(consentMessage(this.#consortium.networkId, this.member));
    await until("it is enrolled", async () => {
      const said = { ...certified, consent, credential: new TextEncoder().encode(credential) };
      return (await this.ask(card, { kind: "enrol", ...said })).certificate !== undefined;
    });
    return card;
  }

  /** A device of a new customer's, with one coin of this amount. */
  async loadedCard(of: Customer, amount: bigint): Promise<[NodeSigner, HeldCoin]> {
    const card = await this.enrolled(of);
    const body = { amount: String(amount), reference: `first:${of.account}` };
    await this.staff(`/v1/accounts/${of.account}/deposits`, body);
    const load = { kind: "load", id: randomBytes(16), amount, parts: [amount] } as const;
    await until("it is loaded", async () => (await this.ask(card, load)).state === "applied");
    const { coins } = await this.#consortium.client(this.member).coinsOf(ownerOf(card.publicKey));
    const output = payTo(card, this.member, amount);
    return [card, { outpoint: coins[0]!.outpoint as Hex, output }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function folderOf({ folder }: Consortium, member: MemberId): string {
  return join(folder, `gateway${member}`);
}

/** A trust list that names the bank, where its gateway looks for it. */
export async function publishTrust(consortium: Consortium, member: MemberId, issuer: NodeSigner) {
  const trust = NodeSigner.generate();
  const now = Date.now();
  const list = {
    version: 1,
    issued: now,
    notAfter: now + 86_400_000,
    nextTrustKey: trust.publicKey,
    members: [
      { member, status: 1, issuer: issuer.publicKey, name: "Bank", guarantee: 50_000n } as const,
    ],
  };
  const lists = join(consortium.folder, `lists${member}.bin`);
  const signed = await signTrustList(consortium.networkId, list, trust);
  await writeFile(lists, encodePublished({ trust: [signed] }));
  return { trustKey: trust.publicKey, lists };
}
