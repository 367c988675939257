/** `npm run attack`: purses, members and gateways that cheat, against a network of real processes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { makeLogger } from "../node/service/telemetry.ts";
import { formatAmount, parseAmount } from "../protocol/money.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Attack } from "./attack/attack.ts";
import { parties, type Policy } from "./attack/books.ts";
import { attacks } from "./attack/catalogue.ts";
import { play, type Row } from "./attack/run.ts";
import { Stage } from "./attack/stage.ts";
import { Story } from "./demo/story.ts";
import { compileContracts } from "./devnet/compile.ts";

type Options = {
  readonly only: readonly string[];
  readonly seed: string;
  readonly json?: string;
  readonly guarantee?: string;
  readonly list?: true;
  readonly keep?: true;
};

const EUR = { code: "EUR", digits: 2 };
const story = new Story((text) => process.stdout.write(text), EUR);
const options = new Command("attack")
  .description("Attacks against a network of real processes, and what each cost whom.")
  .option(
    "--only <name>",
    "play this one; again for more",
    (name, all: string[]) => [...all, name],
    [],
  )
  .option("--seed <text>", "other keys, amounts and turns", "1")
  .option("--json <file>", "write the table with amounts in minor units")
  .option(
    "--guarantee <amount>",
    "bounds as if members guaranteed this for a device: too little must fail",
  )
  .option("--list", "say what there is to play")
  .option("--keep", "keep the folder with the logs, and say where it is")
  .parse()
  .opts<Options>();

if (options.list) {
  for (const { name, tried } of attacks) story.say(`${name.padEnd(16)} ${tried}`);
} else {
  await main(options).catch((error: unknown) => {
    if (!isRefusal(error, "not-found")) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  });
}

async function main({ only, seed, json, guarantee, keep }: Options): Promise<void> {
  const chosen = choose(only);
  const folder = await mkdtemp(join(tmpdir(), "tallystick-attack-"));
  try {
    const rows = await playAll(chosen, folder, seed, guarantee);
    tell(rows);
    if (json !== undefined) await writeFile(json, `${jsonOf(seed, rows)}\n`);
    process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    if (keep) story.say(`The folder is ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Refusal `not-found`. */
function choose(names: readonly string[]): readonly Attack[] {
  for (const name of names) {
    if (attacks.some((attack) => attack.name === name)) continue;
    throw new Refusal("not-found", `there is no attack ${name}: --list says which there are`);
  }
  return names.length === 0 ? attacks : attacks.filter(({ name }) => names.includes(name));
}

async function playAll(
  chosen: readonly Attack[],
  folder: string,
  seed: string,
  guarantee: string | undefined,
): Promise<Row[]> {
  compileContracts();
  const logger = makeLogger({ name: "attack", file: join(folder, "attack.log") });
  await using stage = await Stage.open({ folder: join(folder, "devnet"), seed, logger });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void stage.devnet.stop().finally(() => process.exit(130)));
  }
  const policy = guarantee === undefined ? stage.policy : withGuarantee(stage.policy, guarantee);
  const rows: Row[] = [];
  for (const attack of chosen) {
    const row = await story.phase(attack.name, async () => {
      story.step(attack.tried);
      const played = await play(stage, attack, policy);
      for (const line of played.happened) story.step(line);
      return played;
    });
    rows.push(row);
  }
  await stage.allBack();
  return rows;
}

function withGuarantee({ guarantees, penaltyPercent }: Policy, text: string): Policy {
  const amount = parseAmount(text, EUR);
  return { guarantees: new Map([...guarantees.keys()].map((id) => [id, amount])), penaltyPercent };
}

function tell(rows: readonly Row[]): void {
  const money = (amount: bigint) => formatAmount(amount, EUR).replace(" EUR", "");
  story.say("\nWhat each party lost, of what it may lose at most, in EUR\n");
  story.table(
    ["attack", "payees", "the cheat's bank", "other banks", "authority", "payees whole", ""],
    rows.map((row) => [
      row.attack,
      ...parties.map((party) => {
        const { loss, bound } = row.losses[party];
        return `${money(loss)} of ${money(bound)}`;
      }),
      `${row.whole} of ${row.honest}`,
      row.holds ? "holds" : "FAILS",
    ]),
  );
  const broken = rows.filter(({ holds }) => !holds).map(({ attack }) => attack);
  story.say(
    broken.length === 0
      ? `\n${rows.length} attacks: no party lost more than the policy says.`
      : `\nAbove the bound: ${broken.join(", ")}`,
  );
}

function jsonOf(seed: string, rows: readonly Row[]): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  return JSON.stringify({ seed, rows }, plain, 2);
}
