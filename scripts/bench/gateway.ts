/**
 * How many records a second a gateway's process acknowledges, durably and signed, in requests of a hundred,
 * when it checks structure alone. Its node is away meanwhile: what is measured is the door.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { decodeAcknowledgement } from "../../protocol/acknowledgement.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { joinOutpoint } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { devnetPaths, GATEWAYS, MEMBERS } from "../devnet/blueprint.ts";
import { Devnet } from "../devnet/network.ts";
import { median } from "./anchor.ts";
import { Workload } from "./workload.ts";

const DEVICES = 2_000;
const RECORDS = 50_000;
const PER_REQUEST = 100;
/** Requests under way at once. */
const STREAMS = 8;

export type GatewayRate = {
  /** Records acknowledged a second. */
  readonly perSecond: number;
  /** CPU microseconds of the gateway's process for one of them. */
  readonly recordUs: number;
};

export async function measureGateway(runs: number): Promise<GatewayRate> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    const logger = makeLogger({ name: "bench", level: "error" });
    await using devnet = await Devnet.open({
      folder: join(folder, "devnet"),
      cycleMs: 60_000,
      logger,
    });
    await devnet.startChain();
    await devnet.deploy();
    await devnet.startNodes([...MEMBERS]);
    for (const member of GATEWAYS) {
      await configure(devnetPaths(devnet.folder).gatewayConfig(member), (runs + 1) * RECORDS);
    }
    await devnet.startGateways();
    await devnet.stopNodes([...MEMBERS]);
    const workload = makeWorkload(devnet.networkId);
    const url = `${devnet.deviceUrl(GATEWAYS[0])}/v1/leaves`;
    const rates: number[] = [];
    let cpuS = 0;
    for (let run = -1; run < runs; run++) {
      const requests = requestsOf(workload.makePayments(RECORDS));
      const cpuBeforeS = await cpuSeconds(devnet);
      const seconds = await handInAll(url, requests);
      // The first round warms up.
      if (run < 0) continue;
      rates.push(RECORDS / seconds);
      cpuS += (await cpuSeconds(devnet)) - cpuBeforeS;
    }
    return { perSecond: median(rates), recordUs: (cpuS * 1e6) / (runs * RECORDS) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Structure alone is checked, and all fits in. */
async function configure(path: string, records: number): Promise<void> {
  const config = parse(await readFile(path, "utf8")) as object;
  const intake = { check: "structure", leavesMax: records, bytesMax: 512 * records };
  await writeFile(path, stringify({ ...config, intake }));
}

async function cpuSeconds(devnet: Devnet): Promise<number> {
  const answer = await fetch(`${devnet.managementUrl(GATEWAYS[0])}/metrics`);
  const found = /process_cpu_seconds_total(?:\{.*\})? (\S+)/.exec(await answer.text());
  if (found === null) throw new Error("the gateway does not tell its CPU time");
  return Number(found[1]);
}

/** Payments of coins that no ledger holds: the door does not ask. */
function makeWorkload(networkId: Uint8Array): Workload {
  const bank = { member: 1, issuer: NodeSigner.generate(), treasury: NodeSigner.generate() };
  const workload = new Workload(networkId, [bank], DEVICES);
  const vault = joinOutpoint(`0x${"00".repeat(32)}`, 0);
  // Every record makes two coins for the two it takes: those of one run pay in the next.
  for (const _ of workload.fill(bank, vault, 2 * RECORDS + 2 * DEVICES));
  return workload;
}

function requestsOf(payments: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: payments.length / PER_REQUEST }, (_, i) =>
    encodeLeaves(payments.slice(i * PER_REQUEST, (i + 1) * PER_REQUEST)),
  );
}

/** @returns seconds until the last is acknowledged. */
async function handInAll(url: string, requests: readonly Uint8Array[]): Promise<number> {
  const start = performance.now();
  let next = 0;
  const stream = async () => {
    while (next < requests.length) await handIn(url, requests[next++]!);
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
  return (performance.now() - start) / 1000;
}

async function handIn(url: string, body: Uint8Array): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  const answer = await fetch(url, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`records were not taken in: ${await answer.text()}`);
  const { count } = decodeAcknowledgement(new Uint8Array(await answer.arrayBuffer()));
  if (count !== PER_REQUEST) throw new Error(`${count} of ${PER_REQUEST} are acknowledged`);
}
