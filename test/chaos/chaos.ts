/**
 * Lets everything go wrong for a while, and says how it ended.
 *
 *     npm run chaos -- --minutes 20 --seed 7
 */
import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { randomOf } from "../support/random-of.ts";
import { ChaosNetwork } from "./chaos-network.ts";
import { faultKinds, Faults } from "./faults.ts";
import { Load } from "./load.ts";
import { judge } from "./verdict.ts";

type Options = {
  readonly minutes: number;
  readonly seed: number;
  readonly pauseMs: number;
  readonly copies: number;
};

/** How long gateways try what cannot apply. */
const PATIENCE_MS = 60_000;
/** Within which, once nothing goes wrong any more, everything is final. */
const BOUND_MS = 300_000;
const AMOUNT = 1_600_000n;

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("a number above 0");
  return value;
}

async function run({ minutes, seed, pauseMs, copies }: Options): Promise<void> {
  const start = performance.now();
  const tell = (text: string) =>
    console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  tell(`seed ${seed}`);
  await using network = await ChaosNetwork.open(PATIENCE_MS);
  const vault = await network.live.deposit(AMOUNT);
  await network.start();
  const options = { pauseMs, copies, random: randomOf(seed) };
  await using load = await Load.open(network, vault, options);
  const faults = new Faults(network, { pauseMs: 4_000, random: randomOf(seed + 1), tell });
  load.start();
  await faults.run(minutes * 60_000);
  tell("nothing goes wrong any more");
  await load.finish();
  const verdict = await judge(network, load, BOUND_MS);
  const counts = faultKinds.map((kind) => `${kind} ${faults.counts.get(kind)}`).join(", ");
  tell(`faults: ${counts}`);
  tell(JSON.stringify(verdict));
}

await new Command("chaos")
  .description("breaks a consortium of processes at random, and says whether anything was lost")
  .option("--minutes <number>", "how long things go wrong", number, 5)
  .option(
    "--seed <number>",
    "what happens follows from it, and from the machine",
    number,
    randomInt(1, 2 ** 31),
  )
  .option("--pause-ms <number>", "between two payments of a device, on the average", number, 3_000)
  .option("--copies <number>", "how often each payment is handed in", number, 10)
  .action(run)
  .parseAsync();
