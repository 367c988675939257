/**
 * What devices, and couriers after them, hand in while things break: honest payments, each again and again at any
 * gateway; coins spent twice; others' coins; and payments from money that never was. It remembers each record, and
 * what must become of it.
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
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { coinsOf, enrolmentOf, type HeldCoin, idOf, payTo, spendOf } from "../support/money.ts";
import type { ChaosGateway, ChaosNetwork } from "./chaos-network.ts";

/** What must become of a record: it applies, or the ledger never takes it. */
export type Fate = "applies" | "fails";

export type LoadOptions = {
  /** Between two payments of one device, on the average. */
  readonly pauseMs: number;
  /** How often each request is handed in, the first time included. */
  readonly copies: number;
  readonly random: () => number;
};

type Device = { readonly signer: NodeSigner; coin: HeldCoin };

/** All of member 3: it has the money. */
const CUSTODIAN = 3;
const DEVICES = 16;
/** Of them, those that cheat once: the bond pays for all. */
const CHEATS = 6;
/** Payments in a row that a device hands in at once. */
const CHAIN_MAX = 4;
const RETRY_MS = 200;
/** How late a courier may come. */
const COURIER_MS = 30_000;
const ANSWER_MS = 20_000;

export class Load {
  /** By id, every record that somebody handed in. */
  readonly fates = new Map<Hex, Fate>();
  /** Of the records that never can apply, which gateway has acknowledged it, and owes an answer. */
  readonly owing = new Map<Hex, ChaosGateway>();
  /** Two records each that spend one coin. */
  readonly rivals: (readonly [SignedRecord, SignedRecord])[] = [];
  /** Leaves that were handed in, answered or not. */
  submissions = 0;
  acknowledgements = 0;
  readonly #network: ChaosNetwork;
  readonly #options: LoadOptions;
  readonly #verifier = new NodeVerifier();
  readonly #devices: readonly Device[];
  readonly #end = new AbortController();
  /** Aborted when no more payments are to begin. */
  readonly #over = new AbortController();
  readonly #running: Promise<void>[] = [];

  private constructor(network: ChaosNetwork, options: LoadOptions, devices: readonly Device[]) {
    this.#network = network;
    this.#options = options;
    this.#devices = devices;
  }

  /** Enrols devices and gives each a part of the coin. */
  static async open(network: ChaosNetwork, vault: HeldCoin, options: LoadOptions): Promise<Load> {
    const { live } = network;
    const signers = Array.from({ length: DEVICES }, () => NodeSigner.generate());
    const outputs = signers.map((signer) =>
      payTo(signer, CUSTODIAN, vault.output.amount / BigInt(DEVICES)),
    );
    const treasury = await live.key(CUSTODIAN, "treasury");
    const issuer = await live.key(CUSTODIAN, "issuer");
    const fan = await spendOf(live.networkId, treasury, [vault], outputs);
    const enrolments = await Promise.all(
      signers.map((signer) => enrolmentOf(live.networkId, signer, CUSTODIAN, issuer)),
    );
    const coins = coinsOf(live.networkId, fan);
    const devices = signers.map((signer, i) => ({ signer, coin: coins[i]! }));
    const load = new Load(network, options, devices);
    await load.#handInUntilTaken([...enrolments, fan].map(({ bytes }) => bytes));
    load.#remember("applies", fan);
    return load;
  }

  start(): void {
    const [cheats, honest] = [this.#devices.slice(0, CHEATS), this.#devices.slice(CHEATS)];
    for (const device of honest) this.#running.push(this.#pay(device));
    this.#running.push(this.#cheat(cheats, honest));
  }

  /** Ends once all that was begun is acknowledged. */
  async finish(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
    // Who heard nothing hands in again, as a device does.
    for (const pair of this.rivals)
      for (const { bytes } of pair) await this.#handInUntilTaken([bytes]);
  }

  /** What is still under way ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#end.abort();
    await Promise.allSettled(this.#running);
  }

  async #pay(device: Device): Promise<void> {
    const { live } = this.#network;
    while (await this.#pause(2 * this.#options.pauseMs * this.#options.random())) {
      const records: SignedRecord[] = [];
      for (let left = 1 + Math.floor(this.#options.random() * CHAIN_MAX); left > 0; left--) {
        const { coin, signer } = device;
        const record = await spendOf(live.networkId, signer, [coin], [coin.output]);
        device.coin = coinsOf(live.networkId, record)[0]!;
        records.push(record);
      }
      this.#remember("applies", ...records);
      const leaves = records.map(({ bytes }) => bytes);
      await this.#handInUntilTaken(leaves);
      for (let copy = 1; copy < this.#options.copies; copy++)
        this.#running.push(this.#bring(leaves));
    }
  }

  /** Somebody spends a coin twice, names another's coin, or pays with money that never was. */
  async #cheat(cheats: readonly Device[], honest: readonly Device[]): Promise<void> {
    const { live } = this.#network;
    const { random } = this.#options;
    const spend = (by: Device, coin: HeldCoin, part: bigint) => {
      const { amount } = coin.output;
      const outputs = [
        payTo(by.signer, CUSTODIAN, part),
        payTo(by.signer, CUSTODIAN, amount - part),
      ];
      return spendOf(live.networkId, by.signer, [coin], outputs);
    };
    const left = [...cheats];
    while (await this.#pause(20_000 * random())) {
      const cheat = left.at(-1);
      if (cheat !== undefined && random() < 0.3) {
        left.pop();
        const pair = [
          await spend(cheat, cheat.coin, 1n),
          await spend(cheat, cheat.coin, 2n),
        ] as const;
        this.rivals.push(pair);
        this.#remember("applies", ...pair);
        await Promise.all(pair.map(({ bytes }) => this.#handInUntilTaken([bytes])));
        continue;
      }
      const victim = honest[Math.floor(random() * honest.length)]!;
      const thief = honest.find((device) => device !== victim)!;
      const theft = await spend(thief, victim.coin, 1n);
      const never = await spend(victim, victim.coin, 3n);
      const fiction = await spend(victim, coinsOf(live.networkId, never)[1]!, 1n);
      this.#remember("fails", theft, fiction);
      const gateway = await this.#handInUntilTaken([theft.bytes, fiction.bytes]);
      for (const record of [theft, fiction]) this.owing.set(idOf(live.networkId, record), gateway);
    }
  }

  /** A courier comes some time later, once, to any gateway. */
  async #bring(leaves: readonly Uint8Array[]): Promise<void> {
    const { random } = this.#options;
    if (!(await this.#pause(COURIER_MS * random()))) return;
    await this.#handIn(this.#anyGateway(), leaves);
  }

  /** Tries one gateway after another until one has acknowledged it. */
  async #handInUntilTaken(leaves: readonly Uint8Array[]): Promise<ChaosGateway> {
    for (;;) {
      const gateway = this.#anyGateway();
      if (await this.#handIn(gateway, leaves)) return gateway;
      await sleep(RETRY_MS, undefined, { signal: this.#end.signal });
    }
  }

  /** Whether it was acknowledged; an acknowledgement that does not fit is an error. */
  async #handIn(gateway: ChaosGateway, leaves: readonly Uint8Array[]): Promise<boolean> {
    this.submissions += leaves.length;
    const answer = await this.#post(gateway, leaves);
    if (answer === undefined) return false;
    const given = decodeAcknowledgement(answer);
    checkAcknowledgement(this.#network.live.networkId, given, gateway.issuer, this.#verifier);
    if (given.root !== acknowledgedRoot(leaves.map(leafHash)))
      throw new Error("another request was acknowledged");
    this.acknowledgements += leaves.length;
    return true;
  }

  /** Nothing where the line broke or the gateway cannot take it now. */
  async #post(
    gateway: ChaosGateway,
    leaves: readonly Uint8Array[],
  ): Promise<Uint8Array | undefined> {
    try {
      const answer = await fetch(`${gateway.devices}/v1/leaves`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: encodeLeaves(leaves),
        signal: AbortSignal.any([this.#end.signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.ok) return bytes;
      if (answer.status === 503 || answer.status === 429) return undefined;
      throw new Error(`${gateway.name} answers ${answer.status}: ${Buffer.from(bytes).toString()}`);
    } catch (error) {
      if (this.#end.signal.aborted) throw error;
      if (error instanceof TypeError || (error as Error).name === "TimeoutError") return undefined;
      throw error;
    }
  }

  #anyGateway(): ChaosGateway {
    const { gateways } = this.#network;
    return gateways[Math.floor(this.#options.random() * gateways.length)]!;
  }

  #remember(fate: Fate, ...records: readonly SignedRecord[]): void {
    for (const record of records) this.fates.set(idOf(this.#network.live.networkId, record), fate);
  }

  /** Whether it goes on after that. */
  async #pause(ms: number): Promise<boolean> {
    await sleep(ms, undefined, { signal: this.#over.signal }).catch(() => undefined);
    return !this.#over.signal.aborted;
  }
}
