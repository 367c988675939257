/**
 * How many records a second a gateway's process acknowledges, durably and signed, in requests of a hundred, each
 * sent when the one before it is answered; and what becomes of that when three times as many come, whether they
 * are answered or not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresServer, postgresPrograms } from "../devnet/postgres.ts";
import { median } from "./anchor.ts";
import { type DoorOptions, GatewayDoor, PER_REQUEST } from "./gateway-door.ts";

const RECORDS = 50_000;
/** Requests under way at once: enough that it is never the disk that all wait for. */
const STREAMS = 96;
/** Of a peak beside an overload. */
const PEAK_RECORDS = 20_000;
const OVERLOAD = 3;
const OVERLOAD_MS = 3_000;
/** Whoever has heard nothing for so long goes away, and what was done for it is lost. */
const PATIENCE_MS = 2_000;
const TICK_MS = 5;

export type GatewayRate = {
  /** Records acknowledged a second. */
  readonly perSecond: number;
  /** CPU microseconds of the gateway's process for one of them. */
  readonly recordUs: number;
};

export type Overload = {
  /** Records acknowledged a second in time, of the most that there were without overload. */
  readonly goodput: number;
  readonly offeredPerSecond: number;
  /** Cores that whoever asks was busy on meanwhile: the gateway has what is left of the machine. */
  readonly askerCores: number;
  /** By how much the gateway's memory grew, beside what it took in and holds. */
  readonly grownBytes: number;
};

export async function measureGateway(
  runs: number,
  options: Omit<DoorOptions, "records">,
): Promise<GatewayRate> {
  const records = (runs + 1) * RECORDS;
  await using door = await GatewayDoor.open({ ...options, records }, RECORDS);
  const rates: number[] = [];
  let cpuS = 0;
  for (let run = -1; run < runs; run++) {
    const requests = door.makeRequests(RECORDS);
    const before = await door.usage();
    const seconds = await handInAll(door, requests);
    // The first round warms up.
    if (run < 0) continue;
    rates.push(RECORDS / seconds);
    cpuS += (await door.usage()).cpuS - before.cpuS;
  }
  return { perSecond: median(rates), recordUs: (cpuS * 1e6) / (runs * RECORDS) };
}

/** The same over a PostgreSQL of our own with the memory that it takes by default; undefined where it is not installed. */
export async function measureSharedGateway(
  runs: number,
  check: DoorOptions["check"],
): Promise<GatewayRate | undefined> {
  if ((await postgresPrograms()) === undefined) return undefined;
  await using server = await PostgresServer.open({ shared_buffers: "128MB" });
  return await measureGateway(runs, { check, database: await server.makeDatabase() });
}

/** Signatures are checked. Each round has its peak, and right after it the overload. */
export async function measureOverload(runs: number): Promise<Overload> {
  const records = (runs + 1) * 12 * PEAK_RECORDS;
  await using door = await GatewayDoor.open({ check: "signatures", records }, 10 * PEAK_RECORDS);
  const rounds: Overload[] = [];
  for (let run = -1; run < runs; run++) {
    const peak = PEAK_RECORDS / (await handInAll(door, door.makeRequests(PEAK_RECORDS)));
    const round = await overload(door, peak);
    if (run >= 0) rounds.push(round);
  }
  const medianOf = (figure: keyof Overload) => median(rounds.map((round) => round[figure]));
  return {
    goodput: medianOf("goodput"),
    offeredPerSecond: medianOf("offeredPerSecond"),
    askerCores: medianOf("askerCores"),
    grownBytes: medianOf("grownBytes"),
  };
}

/** @returns seconds until the last is acknowledged. */
async function handInAll(door: GatewayDoor, requests: readonly Uint8Array[]): Promise<number> {
  const start = performance.now();
  let next = 0;
  const stream = async () => {
    while (next < requests.length) {
      const request = requests[next++]!;
      // A connection that was idle for long may be gone.
      while ((await door.handIn(request).catch(orNothing)) !== true) await sleep(TICK_MS);
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
  return (performance.now() - start) / 1000;
}

/** Requests come at their times, whatever has become of those before; who is turned away comes again later. */
async function overload(door: GatewayDoor, peak: number): Promise<Overload> {
  const count = Math.ceil((OVERLOAD * peak * OVERLOAD_MS) / 1000 / PER_REQUEST);
  const waiting = door.makeRequests(
    Math.min(count, 9 * (PEAK_RECORDS / PER_REQUEST)) * PER_REQUEST,
  );
  const perMs = (OVERLOAD * peak) / PER_REQUEST / 1000;
  const before = await door.usage();
  const underWay = new Set<Promise<void>>();
  let [sent, inTime] = [0, 0];
  const send = async (body: Uint8Array) => {
    const isTaken = await door.handIn(body, AbortSignal.timeout(PATIENCE_MS)).catch(orNothing);
    if (isTaken === true) inTime += 1;
    // What is turned away was not taken in: it is asked again as if by somebody else.
    else if (isTaken === false) waiting.push(body);
  };
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let now = 0; now < OVERLOAD_MS; now = performance.now() - start) {
    for (; sent < now * perMs && waiting.length > 0; sent++) {
      const request = send(waiting.shift()!);
      underWay.add(request);
      void request.finally(() => underWay.delete(request));
    }
    await sleep(TICK_MS);
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const taken = inTime;
  const { residentBytes } = await door.usage();
  await Promise.all(underWay);
  return {
    goodput: (taken * PER_REQUEST) / seconds / peak,
    offeredPerSecond: (sent * PER_REQUEST) / seconds,
    askerCores: (user + system) / 1e6 / seconds,
    grownBytes: residentBytes - before.residentBytes,
  };
}

/** What `fetch` throws where nobody answered in time, or the line was refused. */
function orNothing(error: unknown): undefined {
  if (error instanceof TypeError || (error as Error).name === "TimeoutError") return;
  throw error;
}
