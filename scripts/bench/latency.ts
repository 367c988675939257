/**
 * How long a payment takes at half of what the network can do: from the moment its payer's gateway is
 * handed it until the payee's gateway says that it applied. Chain, nodes and gateways are processes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeLogger } from "../../node/service/telemetry.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { decodeLeaf, leafId } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { GATEWAYS, MEMBERS } from "../devnet/blueprint.ts";
import { Devnet } from "../devnet/network.ts";
import { median } from "./anchor.ts";
import { prepare, settle, share } from "./cluster.ts";

export type Latency = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Payments a second while it was measured. */
  readonly load: number;
  readonly blockPeriodMs: number;
  /** Payments whose way was timed, in all runs. */
  readonly samples: number;
};

const CYCLE_MS = 30_000;
/** Payments that show what the network can do, where no one has measured it. */
const CALIBRATION = 8_192;
/** Enough for a run at half of 6,000 payments a second, which take two each. */
const COINS = 8 * CALIBRATION;
const RUN_MS = 10_000;
/** How often each gateway is handed payments. */
const REQUEST_MS = 50;
/** How soon a gateway is asked again that does not say yet what its node has told. */
const AGAIN_MS = 2;

/** @param settledPerSecond what the network can do, if it was measured in this run. */
export async function measureLatency(runs: number, settledPerSecond?: number): Promise<Latency> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"));
  try {
    const logger = makeLogger({ name: "bench", level: "error" });
    await using devnet = await Devnet.open({
      folder: join(folder, "devnet"),
      cycleMs: CYCLE_MS,
      logger,
    });
    await devnet.startChain();
    await devnet.deploy();
    await devnet.startNodes([...MEMBERS]);
    await devnet.startGateways();
    const workload = await prepare(devnet, COINS);
    const settled =
      settledPerSecond ??
      CALIBRATION / (await settle(devnet, share(workload.makePayments(CALIBRATION))));
    const perRequest = Math.max(
      1,
      Math.round(((settled / 2) * (REQUEST_MS / 1000)) / GATEWAYS.length),
    );
    const all: number[][] = [];
    for (let run = -1; run < runs; run++) {
      const measured = await measureRun(
        devnet,
        (count) => workload.makePayments(count),
        perRequest,
      );
      if (run >= 0) all.push(measured.toSorted((a, b) => a - b));
    }
    return {
      p50Ms: median(all.map((sorted) => sorted[Math.floor(sorted.length * 0.5)]!)),
      p99Ms: median(all.map((sorted) => sorted[Math.floor(sorted.length * 0.99)]!)),
      load: (perRequest * GATEWAYS.length * 1000) / REQUEST_MS,
      blockPeriodMs: await blockPeriodMs(devnet),
      samples: all.flat().length,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function blockPeriodMs(devnet: Devnet): Promise<number> {
  await using chain = await devnet.chainOf(MEMBERS[0]);
  await chain.start();
  return chain.parameters.blockPeriodMs;
}

/** Milliseconds of one payment of each request. */
async function measureRun(
  devnet: Devnet,
  makePayments: (count: number) => Uint8Array[],
  perRequest: number,
): Promise<number[]> {
  const requests = Math.floor(RUN_MS / REQUEST_MS) * GATEWAYS.length;
  const payments = makePayments(requests * perRequest);
  using watch = new Watch(devnet);
  await watch.ready();
  const latencies: Promise<number>[] = [];
  const answers: Promise<void>[] = [];
  const start = performance.now();
  for (let request = 0; request < requests; request++) {
    const due = start + Math.floor(request / GATEWAYS.length) * REQUEST_MS;
    await sleep(Math.max(0, due - performance.now()));
    const at = request % GATEWAYS.length;
    const [payer, payee] = [GATEWAYS[at]!, GATEWAYS[(at + 1) % GATEWAYS.length]!];
    const leaves = payments.slice(request * perRequest, (request + 1) * perRequest);
    const id = leafId(devnet.networkId, decodeLeaf(leaves[0]!));
    latencies.push(watch.final(id, payee, performance.now()));
    answers.push(handIn(devnet.deviceUrl(payer), leaves));
  }
  await Promise.all(answers);
  return await Promise.all(latencies);
}

async function handIn(url: string, leaves: readonly Uint8Array[]): Promise<void> {
  const body = encodeLeaves(leaves);
  const answer = await fetch(`${url}/v1/leaves`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body,
  });
  if (!answer.ok) throw new Error(`payments were not taken in: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Hears from the gateways' nodes what applied, so that a gateway is asked when it can know. */
class Watch implements Disposable {
  readonly #devnet: Devnet;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, () => void>();
  readonly #following: Promise<void>[];

  constructor(devnet: Devnet) {
    this.#devnet = devnet;
    this.#following = GATEWAYS.map((member) => this.#follow(member));
  }

  /** Long enough for both streams to be open. */
  async ready(): Promise<void> {
    await Promise.race([sleep(500), ...this.#following]);
  }

  /** Milliseconds since `start` until the gateway of `member` says that the record applied. */
  async final(id: Hex, member: number, start: number): Promise<number> {
    await new Promise<void>((resolve) => this.#waiting.set(`${member} ${id}`, resolve));
    for (;;) {
      const answer = await fetch(`${this.#devnet.deviceUrl(member)}/v1/records/${id}`);
      const { state } = (await answer.json()) as { state: string };
      if (state === "applied") return performance.now() - start;
      await sleep(AGAIN_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #follow(member: number): Promise<void> {
    const client = this.#devnet.client(member);
    const { seq } = await client.status();
    for await (const { applied } of client.events(seq, this.#stop.signal)) {
      for (const id of applied) {
        const name = `${member} ${id}`;
        this.#waiting.get(name)?.();
        this.#waiting.delete(name);
      }
    }
  }
}
