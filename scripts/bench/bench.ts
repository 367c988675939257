/** `npm run bench`: every claim of speed that can be measured on this machine, as a ratio to its target. */
import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { compileContracts } from "../devnet/compile.ts";
import { measureAnchor } from "./anchor.ts";
import { measureCluster } from "./cluster.ts";
import { measureDevice } from "./device.ts";
import { measureValidation } from "./validation.ts";

/** One row of the targets. A ratio of 1 or more meets it. */
type Row = {
  readonly name: string;
  readonly measured: string;
  readonly target: string;
  readonly ratio: number;
};

const { json, coins, payments, only } = new Command("bench")
  .description(
    "Measures against the targets, each as a ratio to what OpenSSL does in the same run.",
  )
  .option("--json <file>", "write the numbers")
  .option("--coins <number>", "coins of the ledger that validates", "1000000")
  .option("--payments <number>", "payments in a round of the cluster", "16384")
  .option("--only <part>", "validation, cluster or device")
  .parse()
  .opts<{ json?: string; coins: string; payments: string; only?: string }>();

const anchor = measureAnchor();
const rows: Row[] = [];
const numbers: Record<string, number> = { R: anchor.r };
say(
  `R = ${format(anchor.r)} P-256 verifications/s of one core${anchor.openssl === undefined ? "" : ` (openssl speed says ${format(anchor.openssl)})`}\n`,
);

if (wants("device")) {
  const device = await measureDevice();
  add(
    "device: three messages, CPU",
    `${device.exchangeMs.toFixed(2)} ms`,
    "≤ 10 ms",
    10 / device.exchangeMs,
  );
  add(
    "device: first-hop bundle",
    `${device.firstHopBytes} bytes`,
    "≤ 620 bytes",
    620 / device.firstHopBytes,
  );
  add(
    "device: bundle of eight hops",
    `${device.eightHopBytes} bytes`,
    "≤ 4096 bytes",
    4096 / device.eightHopBytes,
  );
  add(
    "device: eight hops verified, CPU",
    `${device.eightHopMs.toFixed(2)} ms`,
    "≤ 50 ms",
    50 / device.eightHopMs,
  );
}
if (wants("validation")) {
  const validation = await measureValidation(Number(coins));
  numbers["validationRatio"] = validation.perCore / anchor.r;
  numbers["foldUs"] = validation.foldUs;
  add(
    `validation at ${format(Number(coins))} coins, records/s a core`,
    `${format(validation.perCore)} = ${(validation.perCore / anchor.r).toFixed(2)} R`,
    "≥ 0.65 R",
    validation.perCore / anchor.r / 0.65,
  );
  add(
    "memory of a million coins",
    `${format(validation.bytesPerMillion / 1e6)} MB`,
    "≤ 62 MB",
    62e6 / validation.bytesPerMillion,
  );
}
if (wants("cluster")) {
  compileContracts();
  const cluster = await measureCluster(Number(payments));
  const bound = (2 * anchor.r) / 4;
  numbers["clusterRatio"] = cluster.perSecond / bound;
  numbers["verifiedPerLeaf"] = cluster.verifiedPerLeaf;
  add(
    "cluster of four, settled payments/s",
    `${format(cluster.perSecond)} = ${(cluster.perSecond / bound).toFixed(2)} × 2R/4`,
    "≥ 0.70 × 2R/4",
    cluster.perSecond / bound / 0.7,
  );
}
if (json !== undefined)
  await writeFile(json, `${JSON.stringify({ ...numbers, rows }, undefined, 2)}\n`);

function wants(part: string): boolean {
  return only === undefined || only === part;
}

function add(name: string, measured: string, target: string, ratio: number): void {
  rows.push({ name, measured, target, ratio });
  say(
    `${ratio >= 1 ? "meets " : "misses"}  ${name}: ${measured}, target ${target}, ratio ${ratio.toFixed(2)}`,
  );
}

function format(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
