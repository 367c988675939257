/** `npm run bench`: every target that can be measured on this machine, each as a ratio to it. */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Argument, Command } from "commander";
import { wholeBetween } from "../arguments.ts";
import { suggestParts } from "../../device/denominations.ts";
import { CHROMIUM } from "../chromium.ts";
import { compileContracts } from "../devnet/compile.ts";
import { type Anchor, measureAnchor } from "./anchor.ts";
import { measureBrowser } from "./browser.ts";
import { measureCluster } from "./cluster.ts";
import { measureDays, partsOfOne } from "./day.ts";
import { CODES_PER_S, measureDevice } from "./device.ts";
import {
  type GatewayRate,
  measureGateway,
  measureOverload,
  measureSharedGateway,
} from "./gateway.ts";
import { FEW_COINS, measureLargeLedger } from "./large-ledger.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import type { Journey } from "./page/spoken.ts";
import { atLeast, atMost, format, formatRow, type Row } from "./row.ts";
import { measureTrace } from "./trace.ts";
import { measureValidation } from "./validation.ts";

type Options = {
  readonly runs: number;
  readonly coins: number;
  readonly manyCoins: number;
  readonly memoryCoins: number;
  readonly records: number;
  readonly payments: number;
  readonly full?: boolean;
  readonly json?: string;
};

/** What the targets name. */
const FULL = { manyCoins: 10_000_000, memoryCoins: 20_100_000, records: 1_000_000 };

const count = wholeBetween(1, 100_000_000);
const program = new Command("bench")
  .description("Measures against the targets, beside what OpenSSL does in the same run.")
  .addArgument(new Argument("[parts...]", "parts to measure, all by default"))
  .option("--runs <number>", "the median of so many", wholeBetween(1, 1_000), 5)
  .option("--coins <number>", "coins of the ledger that validates", count, 1_000_000)
  .option("--many-coins <number>", "coins for growth and restart", count, 2_000_000)
  .option("--memory-coins <number>", "coins for memory", count, 5_000_000)
  .option("--records <number>", "records of the ledger that is traced", count, 100_000)
  .option(
    "--full",
    "growth and restart at 10^7 coins, memory past 2·10^7, traces over 10^6 records, as the targets have it",
  )
  .option(
    "--payments <number>",
    "payments in a round of the cluster: a round has a beginning and an end, which are not at full load",
    wholeBetween(1, 1_000_000),
    32_768,
  )
  .option("--json <file>", "write the rows")
  .parse();
const options = program.opts<Options>();
const { runs, coins } = options;
const manyCoins = options.full === true ? FULL.manyCoins : options.manyCoins;
const memoryCoins = options.full === true ? FULL.memoryCoins : options.memoryCoins;
const records = options.full === true ? FULL.records : options.records;

/** Each measures its rows; the numbers stand at the top of the file of numbers. */
type Part = (anchor: Anchor) => Promise<{ rows: Row[]; numbers?: Record<string, number> }>;

/** Settled payments a second, once the cluster has been measured. */
let settledPerSecond: number | undefined;
/** Records that a core of a node validates in a second, once that has been measured. */
let validatedPerSecond: number | undefined;

const parts: Record<string, Part> = {
  device,
  validation,
  memory,
  "large-ledger": largeLedger,
  cluster,
  latency,
  gateway,
  trace,
};
/** Rows that are measured together with others. */
const aliases: Record<string, string> = { growth: "large-ledger", restart: "large-ledger" };

const wanted = new Set((program.args.length === 0 ? Object.keys(parts) : program.args).map(partOf));
const anchor = measureAnchor();
const beside =
  anchor.openssl === undefined ? "" : ` (openssl speed says ${format(anchor.openssl)})`;
say(`R = ${format(anchor.r)} P-256 verifications/s of one core${beside}\n`);
const rows: Row[] = [];
const numbers: Record<string, number> = { R: anchor.r };
for (const part of wanted) {
  const measured = await parts[part]!(anchor);
  Object.assign(numbers, measured.numbers);
  for (const row of measured.rows) {
    rows.push(row);
    say(formatRow(row));
  }
}
if (options.json !== undefined)
  await writeFile(options.json, `${JSON.stringify({ ...numbers, rows }, undefined, 2)}\n`);

async function device() {
  const measured = await measureDevice();
  const people = { people: 24, days: 4, paymentsEach: 7, seed: 7 };
  const whole = await measureDays({ ...people, partsOf: partsOfOne });
  const cut = await measureDays({ ...people, partsOf: suggestParts });
  const part = "device";
  const journey = await measureBrowser();
  if (journey === undefined)
    say(`device: nothing is measured in a browser, as there is no ${CHROMIUM}`);
  return {
    rows: [
      atMost(10, { part, name: "three messages, CPU", value: measured.exchangeMs, unit: "ms" }),
      atMost(620, { part, name: "first-hop bundle", value: measured.firstHopBytes, unit: "bytes" }),
      atMost(4096, {
        part,
        name: "bundle of eight hops",
        value: measured.eightHopBytes,
        unit: "bytes",
      }),
      atMost(50, {
        part,
        name: "eight hops verified, CPU",
        value: measured.eightHopMs,
        unit: "ms",
      }),
      atMost(3, {
        part,
        name: "2 KB by codes",
        value: measured.codesWithLoss / CODES_PER_S,
        unit: "s",
        note: `${CODES_PER_S} codes a second, one in five missed; ${measured.codes / CODES_PER_S} s with none`,
      }),
      atMost(whole.meanBytes, {
        part,
        name: "a payment of a day offline, mean",
        value: cut.meanBytes,
        unit: "bytes",
        anchor: { name: "a load in one coin", value: whole.meanBytes },
        note: `one in twenty over ${format(cut.longBytes)} bytes, with one coin over ${format(whole.longBytes)}`,
      }),
      atLeast(0.9, {
        part,
        name: "payments of a day that need no ancestry",
        value: cut.direct,
        unit: "of all",
        note: `${format(whole.direct)} with loads in one coin`,
      }),
      ...(journey === undefined ? [] : browserRows(part, journey)),
      atMost(12, { part, name: "a payment by card", value: measured.apdus, unit: "APDUs" }),
    ],
  };
}

function browserRows(part: string, { paymentMs, codesMs }: Journey): Row[] {
  return [
    atMost(3, { part, name: "2 KB by codes, in Chromium", value: codesMs / 1000, unit: "s" }),
    atMost(3, {
      part,
      name: "a payment by codes, in Chromium",
      value: paymentMs / 1000,
      unit: "s",
      note: "three messages, each from a screen to a camera",
    }),
  ];
}

async function validation({ r }: Anchor) {
  const { recordUs, foldUs } = await measureValidation(coins, runs);
  validatedPerSecond = 1e6 / recordUs;
  const row = atLeast(0.65 * r, {
    part: "validation",
    name: `records/s a core at ${format(coins)} coins`,
    value: 1e6 / recordUs,
    unit: "records/s",
    anchor: { name: "R", value: r },
    note: `${(1e6 / recordUs / r).toFixed(2)} R; ${format(foldUs)} µs of ${format(recordUs)} are not signatures`,
  });
  return { rows: [row], numbers: { validationRatio: row.value / r, foldUs } };
}

async function memory() {
  const bytes = await measureMemory(memoryCoins, Math.min(runs, 3));
  const name = `a million coins, of ${format(memoryCoins)}`;
  return { rows: [atMost(62, { part: "memory", name, value: bytes / 1e6, unit: "MB" })] };
}

async function largeLedger() {
  const { fewUs, manyUs, restartS, restartCpuS } = await measureLargeLedger(manyCoins, runs);
  return {
    rows: [
      atMost(1.3, {
        part: "growth",
        name: `CPU a record at ${format(manyCoins)} coins ÷ at ${format(FEW_COINS)}`,
        value: manyUs / fewUs,
        unit: "×",
        note: `${format(manyUs)} µs and ${format(fewUs)} µs`,
      }),
      atMost(5, {
        part: "restart",
        name: `to serving with ${format(manyCoins)} coins`,
        value: restartS,
        unit: "s",
        note: `${format(restartCpuS)} s of CPU`,
      }),
    ],
  };
}

async function cluster() {
  compileContracts();
  const measured = await measureCluster(options.payments);
  const bound = (2 * measured.r) / 4;
  const row = atLeast(0.7 * bound, {
    part: "cluster",
    name: "four members, settled payments/s",
    value: measured.perSecond,
    unit: "payments/s",
    anchor: { name: "2R/4, R as it was between the rounds", value: bound },
    note: `${(measured.perSecond / bound).toFixed(2)} × 2R/4; ${format(measured.cpuUs)} µs of CPU a payment and node`,
  });
  settledPerSecond = measured.perSecond;
  const { verifiedPerLeaf, refold } = measured;
  say(
    `an auditor folds all ${format(refold.leaves)} leaves again, with ${refold.checkpoints} checkpoints: ${format(refold.perSecond)}/s beside ${format(measured.perSecond)} payments/s settled`,
  );
  const clusterRatio = measured.perSecond / bound;
  const refoldPerSecond = refold.perSecond;
  return { rows: [row], numbers: { clusterRatio, verifiedPerLeaf, refoldPerSecond } };
}

async function latency() {
  compileContracts();
  const measured = await measureLatency(runs, settledPerSecond);
  const { blockPeriodMs } = measured;
  const part = "latency";
  const anchor = { name: "block period, ms", value: blockPeriodMs };
  const note = `${format(measured.samples)} payments of ${format(measured.load)}/s, half of what settles`;
  const common = { part, unit: "ms", anchor, note };
  return {
    rows: [
      atMost(blockPeriodMs + 100, {
        ...common,
        name: "final at the payee's gateway at half load, p50",
        value: measured.p50Ms,
      }),
      atMost(3 * blockPeriodMs + 200, {
        ...common,
        name: "final at the payee's gateway at half load, p99",
        value: measured.p99Ms,
      }),
    ],
  };
}

async function gateway({ r }: Anchor) {
  compileContracts();
  // Where cluster and validation are not measured in this run, they are taken to do what they are to do.
  const settled = settledPerSecond ?? (0.7 * 2 * r) / 4;
  const validated = validatedPerSecond ?? 0.65 * r;
  const as = (name: string, value: number | undefined) =>
    value === undefined ? `${name}, as targeted` : name;
  const structure = await measureGateway(runs, { check: "structure" });
  const shared = await measureSharedGateway(runs, "structure");
  const checked = await measureGateway(runs, { check: "signatures" });
  const { goodput, offeredPerSecond, askerCores, grownBytes } = await measureOverload(runs);
  const part = "gateway";
  const name = "records acknowledged a second, durable and signed, 100 a request";
  const unit = "records/s";
  const noteOf = ({ recordUs }: GatewayRate) => `${format(recordUs)} µs of CPU a record`;
  if (shared === undefined)
    say("gateway: nothing is measured over PostgreSQL, as there is none (Debian: postgresql)");
  return {
    rows: [
      atLeast(15 * settled, {
        part,
        name: `${name}, structure checked`,
        value: structure.perSecond,
        unit,
        note: noteOf(structure),
        anchor: { name: as("settled payments/s", settledPerSecond), value: settled },
      }),
      ...(shared === undefined ? [] : [sharedRow(shared, structure)]),
      atLeast(validated, {
        part,
        name: `${name}, signatures checked`,
        value: checked.perSecond,
        unit,
        note: noteOf(checked),
        anchor: { name: as("records validated a second", validatedPerSecond), value: validated },
      }),
      atLeast(0.8, {
        part,
        name: "goodput at three times the load that it bears, signatures checked",
        value: goodput,
        unit: "of its peak",
        note: `${format(offeredPerSecond)} records/s offered, whatever is answered, by a process that takes ${format(askerCores)} of ${availableParallelism()} cores`,
      }),
      atMost(192, {
        part,
        name: "memory more under that load, what is taken in included",
        value: grownBytes / 1e6,
        unit: "MB",
      }),
    ],
    numbers: { gatewayRatio: checked.perSecond / validated, gatewayGoodput: goodput },
  };
}

/** A gateway takes PostgreSQL to be several processes: two of them are to bear what one bears over its folder. */
function sharedRow(shared: GatewayRate, folder: GatewayRate): Row {
  return atLeast(folder.perSecond / 2, {
    part: "gateway",
    name: "records acknowledged a second over PostgreSQL, structure checked",
    value: shared.perSecond,
    unit: "records/s",
    note: `${format(shared.recordUs)} µs of CPU a record, the database's own not counted; half as many as over the folder, so that two processes that share it bear as much`,
    anchor: { name: "records acknowledged a second over the folder", value: folder.perSecond },
  });
}

async function trace({ r }: Anchor) {
  const { queries, indexedPerSecond, indexedUs } = await measureTrace(records);
  // Where the cluster is not measured in this run, it is taken to do what it is to do.
  const settled = settledPerSecond ?? (0.7 * 2 * r) / 4;
  const part = "trace";
  return {
    rows: [
      ...queries.map(({ name, samples, medianMs, worstMs, found }) =>
        atMost(100, {
          part,
          name: `${name}, among ${format(records)} records`,
          value: medianMs,
          unit: "ms",
          note: `the worst of ${samples} ${format(worstMs)} ms; ${format(found)} found`,
        }),
      ),
      atLeast(settled, {
        part,
        name: "records indexed a second",
        value: indexedPerSecond,
        unit: "records/s",
        anchor: {
          name: `settled payments/s${settledPerSecond === undefined ? ", as targeted" : ""}`,
          value: settled,
        },
        note: `${format(indexedUs)} µs of CPU a record`,
      }),
    ],
  };
}

function partOf(name: string): string {
  const part = aliases[name] ?? name;
  if (parts[part] !== undefined) return part;
  const known = [...Object.keys(parts), ...Object.keys(aliases)].join(", ");
  return program.error(`"${name}" is no part: ${known}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
