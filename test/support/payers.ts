/**
 * Devices that pay without pause through two gateways, and remember what was acknowledged. What was not
 * is handed in again and again, byte for byte, as a device does.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  acknowledgedRoot,
  checkAcknowledgement,
  decodeAcknowledgement,
} from "../../protocol/acknowledgement.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import type { LiveNetwork } from "./live-network.ts";
import { coinsOf, enrolmentOf, type HeldCoin, idOf, payTo, spendOf } from "./money.ts";

/** A device with one coin, which it pays on and on to itself. */
export type Payer = { readonly signer: NodeSigner; coin: HeldCoin };

const RETRY_MS = 100;
const PAUSE_MS = 100;
/** Records of one payer in one request: each spends the one before. */
const CHAIN = 8;

export class Payers implements Disposable {
  /** Ids of enrolments and records that must apply: a gateway has acknowledged them. */
  readonly acknowledged = new Set<Hex>();
  /** Two records each that spend one coin, handed in at different gateways. */
  readonly rivals: (readonly [SignedRecord, SignedRecord])[] = [];
  readonly #network: LiveNetwork;
  readonly #verifier = new NodeVerifier();
  readonly #payers: Payer[] = [];
  readonly #issuers = new Map<MemberId, Uint8Array>();
  #disputed: Payer[] = [];
  #isPaused = false;
  readonly #end = new AbortController();
  #loops: Promise<void>[] = [];

  private constructor(network: LiveNetwork) {
    this.#network = network;
  }

  /** Sixteen devices of the bank with the coin, all enrolled and each with a part of it. */
  static async open(network: LiveNetwork, vault: HeldCoin): Promise<Payers> {
    const payers = new Payers(network);
    const [issuer, treasury] = [await network.key(3, "issuer"), await network.key(3, "treasury")];
    for (const member of [1, 2]) {
      payers.#issuers.set(member, (await network.key(member, "issuer")).publicKey);
    }
    const devices = Array.from({ length: 16 }, () => NodeSigner.generate());
    const share = vault.output.amount / 16n;
    const outputs = devices.map((device) => payTo(device, 3, share));
    const fan = await spendOf(network.networkId, treasury, [vault], outputs);
    const enrolments = await Promise.all(
      devices.map((device) => enrolmentOf(network.networkId, device, 3, issuer)),
    );
    await payers.handIn(
      1,
      [...enrolments, fan].map(({ bytes }) => bytes),
    );
    const coins = coinsOf(network.networkId, fan);
    payers.#payers.push(...devices.map((signer, i) => ({ signer, coin: coins[i]! })));
    payers.#disputed = payers.#payers.splice(0, 6);
    payers.acknowledged.add(idOf(network.networkId, fan));
    return payers;
  }

  /** One payer of its own for the caller. */
  take(): Payer {
    return this.#payers.pop()!;
  }

  start(): void {
    const half = this.#payers.length / 2;
    const stop = () => this.#isPaused;
    this.#isPaused = false;
    this.#loops = [1, 2].map((gateway, i) =>
      this.#pay(gateway, this.#payers.slice(i * half, (i + 1) * half), stop),
    );
  }

  /** Ends once all that was sent is acknowledged. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(this.#loops);
  }

  /** `count` records that a payer makes one from the other. */
  async chain(payer: Payer, count: number): Promise<SignedRecord[]> {
    const { networkId } = this.#network;
    const records: SignedRecord[] = [];
    for (let i = 0; i < count; i++) {
      const { output } = payer.coin;
      const record = await spendOf(networkId, payer.signer, [payer.coin], [output]);
      records.push(record);
      payer.coin = coinsOf(networkId, record)[0]!;
    }
    return records;
  }

  /** Hands records in until they are acknowledged. */
  async pass(gateway: MemberId, records: readonly SignedRecord[]): Promise<void> {
    await this.handIn(
      gateway,
      records.map(({ bytes }) => bytes),
    );
    for (const record of records) this.acknowledged.add(idOf(this.#network.networkId, record));
  }

  /** Hands leaves in, again for as long as there is no acknowledgement, and checks what it says. */
  async handIn(gateway: MemberId, leaves: readonly Uint8Array[]): Promise<void> {
    const body = encodeLeaves(leaves);
    const root = acknowledgedRoot(leaves.map(leafHash));
    for (;;) {
      const answer = await this.post(gateway, body).catch(orNothing);
      if (answer !== undefined) {
        const given = decodeAcknowledgement(answer);
        const issuer = this.#issuers.get(gateway)!;
        checkAcknowledgement(this.#network.networkId, given, issuer, this.#verifier);
        if (given.root !== root) throw new Error("another request was acknowledged");
        return;
      }
      await sleep(RETRY_MS, undefined, { signal: this.#end.signal });
    }
  }

  /** What is still on its way fails. */
  [Symbol.dispose](): void {
    this.#isPaused = true;
    this.#end.abort(new Error("the payers are gone"));
    for (const loop of this.#loops) loop.catch(() => undefined);
  }

  /** The acknowledgement; undefined if the gateway cannot take the leaves now. @throws Error if the line breaks. */
  async post(gateway: MemberId, body: Uint8Array): Promise<Uint8Array | undefined> {
    const answer = await fetch(`${this.#network.devnet.deviceUrl(gateway)}/v1/leaves`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body,
      signal: AbortSignal.any([this.#end.signal, AbortSignal.timeout(60_000)]),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.ok) return bytes;
    if (answer.status === 503 || answer.status === 429) return undefined;
    throw new Error(`the gateway answers ${answer.status}: ${Buffer.from(bytes).toString()}`);
  }

  async #pay(gateway: MemberId, payers: readonly Payer[], isOver: () => boolean): Promise<void> {
    for (let turn = 1; !isOver(); turn++) {
      const records: SignedRecord[] = [];
      for (const payer of payers) records.push(...(await this.chain(payer, CHAIN)));
      await this.pass(gateway, records);
      if (turn % 8 === 0) await this.#dispute();
      await sleep(PAUSE_MS);
    }
  }

  /** Somebody spends a coin twice, at two gateways. */
  async #dispute(): Promise<void> {
    const cheat = this.#disputed.pop();
    if (cheat === undefined) return;
    const pair = await Promise.all(
      [1n, 2n].map((part) => {
        const { amount } = cheat.coin.output;
        const outputs = [payTo(cheat.signer, 3, part), payTo(cheat.signer, 3, amount - part)];
        return spendOf(this.#network.networkId, cheat.signer, [cheat.coin], outputs);
      }),
    );
    this.rivals.push(pair as [SignedRecord, SignedRecord]);
    await Promise.all(pair.map((record, i) => this.handIn(i + 1, [record.bytes])));
  }
}

/** What `fetch` throws where the other end is gone. */
function orNothing(error: unknown): undefined {
  if (!(error instanceof TypeError)) throw error;
}
