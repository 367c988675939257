/** A member's gateway on a store of its own and a node double, and what its staff does there. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, type Hex, toHex } from "../../../protocol/bytes.ts";
import type { SignedEmergencyProfile } from "../../../protocol/emergency-profile.ts";
import { makeSealingKey } from "../../../protocol/hpke.ts";
import { type SignedTrustList, signTrustList } from "../../../protocol/lists.ts";
import type { GatewayAddress, NetworkFile } from "../../../protocol/network-file.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { type NodeSigner, NodeVerifier } from "../../../protocol/p256-node.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { Refusal, type RefusalCode } from "../../../protocol/refusal.ts";
import type { Accounts } from "../../../gateway/accounts.ts";
import type { BankingConfig } from "../../../gateway/banking/config.ts";
import { GatewayConfigSchema } from "../../../gateway/config.ts";
import type { GatewayOptions, GatewayParts } from "../../../gateway/assembly.ts";
import { Gateway } from "../../../gateway/gateway.ts";
import { encodePublished } from "../../../gateway/published.ts";
import { NodeClient } from "../../../node/client.ts";
import type { Callers } from "../../../node/service/callers.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { parseConfig } from "../../../node/service/config-file.ts";
import type { TlsMaterial } from "../../../node/service/listener.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { describedFetch, documentOf } from "../../support/described-fetch.ts";
import { keyOf, networkId } from "../../support/ledger-parts.ts";
import { BrokenStore, type CutPlan } from "./broken-store.ts";
import { NodeDouble } from "./node-double.ts";

export const MEMBER = 1;
export const authority = keyOf("the authority");
export const intakeKey = makeSealingKey(systemRandom);

/** Settings by path, such as `{ "intake.leavesMax": 5000 }`. */
export type Settings = Readonly<Record<string, string | number | boolean | object>>;

export type BankOptions = {
  readonly settings?: Settings;
  readonly gateways?: readonly GatewayAddress[];
  /** One that runs already, before another bank's gateway; it is that bank's to stop. */
  readonly node?: NodeDouble;
  /** What merchants are met with. */
  readonly merchantsTls?: TlsMaterial;
  /** Whose gateway it is. */
  readonly member?: MemberId;
  /** Who of the staff calls; open to all without it. */
  readonly callers?: Callers;
  /** What the staff's own calls show. */
  readonly token?: string;
  /** What keeps the accounts, if they are not embedded. */
  readonly accounts?: Accounts;
  readonly banking?: BankingConfig;
};

export class Bank implements AsyncDisposable {
  readonly node: NodeDouble;
  readonly folder: string;
  readonly #files: CheckedStore;
  readonly #options: BankOptions;
  /** Everything the gateway has logged. */
  readonly log: string[] = [];
  /** Milliseconds by which the gateway's clock is ahead. */
  ahead = 0;
  /** Keys that are held before the ledger names them. */
  next: { readonly nextIssuer?: NodeSigner; readonly nextTreasury?: NodeSigner } = {};
  store: BrokenStore;
  /** Where it is asked, if not at the gateway that it starts. */
  through: { readonly devices: string; readonly staff: string } | undefined;
  #gateway: Gateway | undefined;

  private constructor(node: NodeDouble, folder: string, files: CheckedStore, options: BankOptions) {
    this.node = node;
    this.folder = folder;
    this.#files = files;
    this.#options = options;
    this.store = new BrokenStore(files);
  }

  /** A bank whose node runs, with a trust list that is published, not started yet. */
  static async open(folder: string, options: BankOptions = {}): Promise<Bank> {
    const node = options.node ?? new NodeDouble(1, 2);
    if (options.node === undefined) await node.start();
    const files = await CheckedStore.open(join(folder, "store"), { create: true });
    node.intake = intakeKey.publicKey;
    const bank = new Bank(node, folder, files, options);
    await bank.publish([await bank.trustList({})]);
    return bank;
  }

  get member(): MemberId {
    return this.#options.member ?? MEMBER;
  }

  get gateway(): Gateway {
    return this.#gateway!;
  }

  get url(): string {
    return (this.through ?? this.gateway.urls).devices;
  }

  now(): number {
    return Date.now() + this.ahead;
  }

  /** Lets the chain's time pass, and with it the gateway's: both show the same from now on. */
  pass(seconds: number): void {
    this.node.ledger.timeS += seconds;
    this.ahead = this.node.ledger.timeS * 1000 - Date.now();
  }

  /** Starts the gateway on what is on the disk. @param cut the write at which it is to die. */
  async start(cut?: CutPlan): Promise<void> {
    this.store = new BrokenStore(this.#files, cut);
    this.#gateway = new Gateway({ ...this.parts(), store: this.store }, this.settings());
    await this.#gateway.start();
    const { staffUrl, managementUrl } = this.#gateway;
    const urls = [this.url, staffUrl, managementUrl];
    await Promise.all(urls.map((url) => documentOf(url, true)));
  }

  /** All that a gateway of it is made of, but for the store. */
  parts(): Omit<GatewayParts, "store"> {
    const { treasury, issuer } = this.node.ledger.bank(this.member);
    return {
      network: this.#network(),
      keys: { issuer, treasury, ...this.next, intake: intakeKey },
      node: new NodeClient({ url: this.node.url, timeoutMs: 60_000 }),
      ...(this.#options.accounts === undefined ? {} : { accounts: this.#options.accounts }),
      verifier: new NodeVerifier(),
      random: systemRandom,
      clock: () => this.now(),
      logger: makeLogger({
        name: "gateway",
        level: "debug",
        stream: { write: (line) => this.log.push(line) },
      }),
      metrics: new Metrics(),
      callers: this.#options.callers,
    };
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    this.#gateway = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#options.node === undefined) await this.node.stop();
    await this.#files.close();
  }

  /** @throws Refusal as the problem document names it. */
  async staff<Reply>(path: string, body?: object, token = this.#options.token): Promise<Reply> {
    return ask<Reply>(`${(this.through ?? this.gateway.urls).staff}${path}`, body, token);
  }

  /** What the gateway's operators put. */
  async operate(path: string, body: object): Promise<unknown> {
    const answer = await describedFetch(`${this.gateway.managementUrl}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await checked(answer)).json();
  }

  /** An account with money in it, and a credential for it. */
  async customer(account: string, deposit: bigint): Promise<Uint8Array> {
    await this.staff("/v1/accounts", { account, customer: `customer of ${account}` });
    if (deposit > 0n) {
      const body = { amount: String(deposit), reference: `first:${account}` };
      await this.staff(`/v1/accounts/${account}/deposits`, body);
    }
    return this.credential(account);
  }

  async credential(account: string): Promise<Uint8Array> {
    const { credential } = await this.staff<{ credential: string }>(
      `/v1/accounts/${account}/credentials`,
      {},
    );
    return new TextEncoder().encode(credential);
  }

  balance(account: string): Promise<{ available: string; held: string; onDevices: string }> {
    return this.staff(`/v1/accounts/${account}`);
  }

  /** A trust list with both members, by the authority. */
  trustList(fields: {
    readonly version?: number;
    readonly guarantee?: bigint;
    readonly nextTrustKey?: Uint8Array;
    readonly by?: typeof authority;
    /** Of the bank, before the present one. */
    readonly previousIssuer?: Uint8Array;
  }): Promise<SignedTrustList> {
    const { version = 1, guarantee = 1_000_000n, by = authority } = fields;
    const members = [1, 2].map((member) => ({
      member,
      status: 1 as const,
      issuer: this.node.ledger.bank(member).issuer.publicKey,
      guarantee,
      name: `Bank ${member}`,
      ...(member === this.member && { previousIssuer: fields.previousIssuer }),
    }));
    const issued = this.now();
    return signTrustList(
      networkId,
      {
        version,
        issued,
        notAfter: issued + 30 * 86_400_000,
        nextTrustKey: fields.nextTrustKey ?? by.publicKey,
        members,
      },
      by,
    );
  }

  /** Puts lists where the gateway looks for them. */
  async publish(
    trust: readonly SignedTrustList[],
    emergency?: SignedEmergencyProfile,
  ): Promise<void> {
    await writeFile(join(this.folder, "lists.bin"), encodePublished({ trust, emergency }));
  }

  #network(): NetworkFile {
    const address: Hex = `0x${"11".repeat(20)}`;
    return {
      version: 1,
      networkId: toHex(networkId),
      chainId: 1,
      anchor: `0x${"22".repeat(32)}`,
      openedAtBlock: 1,
      contracts: {
        accessManager: address,
        registry: address,
        token: address,
        settlement: address,
      },
      rpcUrls: ["http://127.0.0.1:1"],
      currency: { code: "EUR", digits: 2 },
      gateways: this.#options.gateways ?? [],
    };
  }

  settings(): GatewayOptions {
    const config = parseConfig(
      JSON.stringify({
        network: "network.json",
        data: "data",
        member: this.member,
        node: this.node.url,
        keys: { issuer: "issuer.json", treasury: "treasury.json", intake: "intake.json" },
        authority: {
          trustKey: toHex(authority.publicKey),
          lists: join(this.folder, "lists.bin"),
        },
        ...(this.#options.banking === undefined ? {} : { banking: this.#options.banking }),
        devices: { port: 0 },
        staff: { port: 0, access: "open" },
        management: { port: 0 },
        ...sections({
          "merchants.port": 0,
          "merchants.resultsEveryMs": 20,
          // Those that are told listen beside the tests.
          "webhooks.plainLoopback": true,
          "authorization.retryMs": 30,
          "intake.firstLookMs": 50,
          "loads.retryMs": 50,
          "watch.everyMs": 30,
          "lists.refreshMs": 100,
          "lists.lifeMs": 1,
          "accounts.sweepMs": 86_400_000,
          "lost.everyMs": 20,
          "lost.sweepMs": 60,
          ...this.#options.settings,
        }),
      }),
      "test",
      GatewayConfigSchema,
    );
    const { merchantsTls: merchants } = this.#options;
    return { ...config, tls: merchants === undefined ? {} : { merchants } };
  }
}

/** Calls a JSON route. @throws Refusal as the problem document names it. */
export async function ask<Reply>(
  url: string,
  body?: object,
  token?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const answer = await describedFetch(url, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  return (await checked(answer).then((good) => good.json())) as Reply;
}

/** @throws Refusal as the problem document names it. */
export async function checked(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const { code, detail } = (await answer.json()) as { code: RefusalCode; detail: string };
  throw new Refusal(code, detail);
}

export function bytesOf(hex: Hex): Uint8Array {
  return fromHex(hex);
}

function sections(settings: Settings): Record<string, object> {
  const result: Record<string, Record<string, unknown>> = {};
  for (const [path, value] of Object.entries(settings)) {
    const [section, name] = path.split(".") as [string, string];
    result[section] = { ...result[section], [name]: value };
  }
  return result;
}
