/** A gateway's process whose node is away: what is measured of it is the door. It is asked from another process, this one. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { decodeAcknowledgement } from "../../protocol/acknowledgement.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { joinOutpoint } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { devnetPaths, GATEWAYS, MEMBERS } from "../devnet/blueprint.ts";
import { Devnet } from "../devnet/network.ts";
import { Workload } from "./workload.ts";

export type DoorOptions = {
  /** What is checked before a leaf is acknowledged. */
  readonly check: "signatures" | "structure";
  /** How many it must be able to hold. */
  readonly records: number;
  /** URL of the PostgreSQL database that it writes to; its own folder by default. */
  readonly database?: string;
};

export const PER_REQUEST = 100;
const DEVICES = 2_000;
const NOTICE_MS = 20;

/** What the gateway says of its own process. */
export type Usage = { readonly cpuS: number; readonly residentBytes: number };

export class GatewayDoor implements AsyncDisposable {
  readonly #devnet: Devnet;
  readonly #workload: Workload;
  readonly #parts: AsyncDisposableStack;

  private constructor(devnet: Devnet, workload: Workload, parts: AsyncDisposableStack) {
    this.#devnet = devnet;
    this.#workload = workload;
    this.#parts = parts;
  }

  /** @param wave records that are made at a time at most. */
  static async open({ check, records, database }: DoorOptions, wave: number): Promise<GatewayDoor> {
    await using parts = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
    parts.defer(() => rm(folder, { recursive: true, force: true }));
    const logger = makeLogger({ name: "bench", level: "error" });
    const devnet = await Devnet.open({ folder: join(folder, "devnet"), cycleMs: 60_000, logger });
    parts.use(devnet);
    await devnet.startChain();
    await devnet.deploy();
    await devnet.startNodes([...MEMBERS]);
    // Strangers may fill half.
    const intake = { check, leavesMax: 2 * records, bytesMax: 1_024 * records };
    const configOf = devnetPaths(devnet.folder).gatewayConfig;
    for (const member of GATEWAYS) await configure(configOf(member), { intake });
    if (database !== undefined) {
      const store = { postgres: { url: database } };
      await configure(configOf(GATEWAYS[0]), { store, data: undefined });
    }
    await devnet.startGateways();
    await devnet.stopNodes([...MEMBERS]);
    return new GatewayDoor(devnet, makeWorkload(devnet.networkId, wave), parts.move());
  }

  /** Requests with that many payments of coins that no ledger holds: the door does not ask. */
  makeRequests(records: number): Uint8Array[] {
    const payments = this.#workload.makePayments(records);
    return Array.from({ length: records / PER_REQUEST }, (_, i) =>
      encodeLeaves(payments.slice(i * PER_REQUEST, (i + 1) * PER_REQUEST)),
    );
  }

  /** Hands a request in. @returns whether it was acknowledged: it may be busy. */
  async handIn(body: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const answer = await fetch(`${this.#devnet.deviceUrl(GATEWAYS[0])}/v1/leaves`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: body as Uint8Array<ArrayBuffer>,
      ...(signal === undefined ? {} : { signal }),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 503) return false;
    if (!answer.ok) throw new Error(`records were not taken in: ${Buffer.from(bytes).toString()}`);
    const { count } = decodeAcknowledgement(bytes);
    if (count !== PER_REQUEST) throw new Error(`${count} of ${PER_REQUEST} are acknowledged`);
    return true;
  }

  async usage(): Promise<Usage> {
    // A connection that ended while records were made, and nothing else was done here, is noticed now.
    await sleep(NOTICE_MS);
    const answer = await fetch(`${this.#devnet.managementUrl(GATEWAYS[0])}/metrics`);
    const text = await answer.text();
    const figure = (name: string) => {
      const found = new RegExp(`^tallystick_${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(text);
      if (found === null) throw new Error(`the gateway does not tell its ${name}`);
      return Number(found[1]);
    };
    return {
      cpuS: figure("process_cpu_seconds_total"),
      residentBytes: figure("process_resident_memory_bytes"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

async function configure(path: string, sections: object): Promise<void> {
  const config = parse(await readFile(path, "utf8")) as object;
  await writeFile(path, stringify({ ...config, ...sections }));
}

function makeWorkload(networkId: Uint8Array, wave: number): Workload {
  const bank = { member: 1, issuer: NodeSigner.generate(), treasury: NodeSigner.generate() };
  const workload = new Workload(networkId, [bank], DEVICES);
  const vault = joinOutpoint(`0x${"00".repeat(32)}`, 0);
  // Every record makes two coins for the two it takes: those of one wave pay in the next.
  for (const _ of workload.fill(bank, vault, 2 * wave + 2 * DEVICES));
  return workload;
}
