/**
 * What stands between a device and its bank's gateway, and lies: it drops requests, holds them back, sends
 * them twice and to other gateways, loses answers and makes some up. With the bank's issuer key it also
 * acknowledges what it never hands on.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { acknowledgedRoot, signAcknowledgement } from "../../protocol/acknowledgement.ts";
import { encodeDeviceReply } from "../../protocol/device-reply.ts";
import { decodeDeviceRequest } from "../../protocol/device-request.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { Stage } from "./stage.ts";

/** What it can do to a request. */
export type Lie = "pass" | "drop" | "lose-answer" | "delay" | "double" | "garbage" | "swallow";

export type LyingGatewayParts = {
  readonly stage: Stage;
  readonly member: MemberId;
  /** What to do with the next request. */
  readonly lie: () => Lie;
  /** For `swallow`. */
  readonly issuer: Signer;
};

const DELAY_MS = 1_500;
const OCTETS = { "content-type": "application/octet-stream" };

export class LyingGateway implements AsyncDisposable {
  readonly #parts: LyingGatewayParts;
  readonly #server: Server;
  readonly #told = new Map<Lie, number>();

  private constructor(parts: LyingGatewayParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async open(parts: LyingGatewayParts): Promise<LyingGateway> {
    const gateway = new LyingGateway(parts);
    gateway.#server.listen(0, "127.0.0.1");
    await once(gateway.#server, "listening");
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often it told each lie. */
  get told(): ReadonlyMap<Lie, number> {
    return this.#told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const lie = this.#parts.lie();
    this.#told.set(lie, (this.#told.get(lie) ?? 0) + 1);
    if (lie === "drop") return void response.destroy();
    if (lie === "garbage") return void response.writeHead(200, OCTETS).end(Buffer.alloc(64, 7));
    const swallowed = lie === "swallow" ? await this.#acknowledge(body) : undefined;
    if (swallowed !== undefined) return void response.writeHead(200, OCTETS).end(swallowed);
    if (lie === "delay") await sleep(DELAY_MS);
    if (lie === "double") await this.#spread(body);
    const { status, bytes } = await this.#forward(body);
    if (lie === "lose-answer") return void response.destroy();
    response.writeHead(status, OCTETS).end(bytes);
  }

  async #forward(body: Uint8Array): Promise<{ status: number; bytes: Uint8Array }> {
    const { stage, member } = this.#parts;
    const answer = await fetch(`${stage.devnet.deviceUrl(member)}/v1/device`, {
      method: "POST",
      headers: OCTETS,
      body: Uint8Array.from(body),
    });
    return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
  }

  /** The same request before, and its records at every other gateway. */
  async #spread(body: Uint8Array): Promise<void> {
    await this.#forward(body);
    const { ask } = decodeDeviceRequest(body);
    if (ask.kind !== "submit") return;
    for (const { url } of this.#parts.stage.devnet.network.gateways) {
      const leaves = Uint8Array.from(encodeLeaves(ask.leaves));
      await fetch(`${url}/v1/leaves`, { method: "POST", headers: OCTETS, body: leaves });
    }
  }

  /** The bank's word that it has records which nobody will ever see. @returns undefined for other questions. */
  async #acknowledge(body: Uint8Array): Promise<Uint8Array | undefined> {
    const { nonce, ask } = decodeDeviceRequest(body);
    if (ask.kind !== "submit") return undefined;
    const { stage, member, issuer } = this.#parts;
    const root = acknowledgedRoot(ask.leaves.map(leafHash));
    const fields = { root, count: ask.leaves.length, received: Date.now(), member };
    const acknowledgement = await signAcknowledgement(stage.networkId, fields, issuer);
    const answer = { kind: "submit", acknowledgement } as const;
    return encodeDeviceReply({ nonce, outcome: "answered", answer });
  }
}
