/** `npm run demo`: the whole journey on this machine, on real parts, in folders that are gone at the end. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { makeLogger } from "../node/service/telemetry.ts";
import { shareCompileCache } from "./compile-cache.ts";
import { drawAmounts, GUARANTEE } from "./demo/amounts.ts";
import { type CaseOutcome, closeCase, openCase } from "./demo/case.ts";
import { drawHolders, type Holder, makeKey } from "./demo/holders.ts";
import { type Outcome, travel } from "./demo/journey.ts";
import { openIdentity, type OpeningOutcome, type ProofOutcome, prove } from "./demo/opening.ts";
import type { People, Stage } from "./demo/stage.ts";
import { Story } from "./demo/story.ts";
import { devnetPaths } from "./devnet/blueprint.ts";
import { compileContracts } from "./devnet/compile.ts";
import { Devnet } from "./devnet/network.ts";
import { runTemporarily, type TemporaryRun } from "./temporary-run.ts";

type AuditOutcome = OpeningOutcome & ProofOutcome & { readonly case: CaseOutcome };

/** The nodes leave the closing of cycles to the journey, which has three of them to show. */
const CYCLE_MS = 3_600_000;

const { seed, json, keep, audit } = new Command("demo")
  .description(
    "Four devices pay each other offline; four banks settle it on chain; a double spend is made good.",
  )
  .option("--seed <text>", "other amounts, which still balance", "1")
  .option("--json <file>", "write phases, balances, positions, state roots and identities")
  .option(
    "--audit",
    "then a case is opened on the cheat, its identity by two of three, and the supply proven",
  )
  .option("--keep", "keep the folder, and say where it is")
  .parse()
  .opts<{ seed: string; json?: string; keep?: true; audit?: true }>();

shareCompileCache();
const story = new Story((text) => process.stdout.write(text), { code: "EUR", digits: 2 });
const start = performance.now();
const onKept = keep ? (folder: string) => story.say(`The folder is ${folder}`) : undefined;
const outcome = await runTemporarily({ name: "demo", onKept }, run);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
story.say(`\nThe journey took ${seconds} s with seed ${seed}.`);
if (json !== undefined) await writeJson(json, outcome);

async function run({
  folder,
  running,
}: TemporaryRun): Promise<Outcome & { readonly audit?: AuditOutcome }> {
  await story.phase("The contracts are compiled", async () => {
    compileContracts();
    story.step("Solidity, by the compiler from npm");
  });
  const logger = makeLogger({ name: "demo", file: join(folder, "demo.log") });
  const place = join(folder, "devnet");
  const holders = audit
    ? await drawHolders(join(folder, "holders"), devnetPaths(place).network)
    : [];
  const funded = holders.map(({ address }) => address);
  const opening = Devnet.open({
    folder: place,
    cycleMs: CYCLE_MS,
    guarantee: GUARANTEE,
    logger,
    funded,
  });
  // Also where the end comes before it has opened.
  running.defer(() =>
    opening.then(
      (devnet) => devnet.stop(),
      () => undefined,
    ),
  );
  const devnet = await opening;
  await story.phase("A network of four banks and a central bank starts", () =>
    startNetwork(devnet, holders),
  );
  const stage = { devnet, story, amounts: drawAmounts(seed), running };
  const { outcome, people } = await travel(stage);
  if (holders.length === 0) return outcome;
  return { ...outcome, audit: await inspect(stage, people, holders, outcome) };
}

/** What regulators and auditors do about the cheat, and about the money. */
async function inspect(
  stage: Stage,
  people: People,
  holders: readonly Holder[],
  { doubleSpend: { outpoint, revoked } }: Outcome,
): Promise<AuditOutcome> {
  const opened = await openCase(stage, people, outpoint);
  const opening = await openIdentity(stage, holders, revoked, opened.evidence);
  const decided = await closeCase(stage, people, opened);
  const proof = await story.phase("An auditor folds the history again", () => prove(stage));
  return { case: decided, ...opening, ...proof };
}

async function startNetwork(devnet: Devnet, holders: readonly Holder[]): Promise<void> {
  story.step(`the embedded chain answers at ${await devnet.startChain()}`);
  const { networkId } = await devnet.deploy();
  story.step(`the contracts stand; the network's id is ${networkId.slice(0, 18)}…`);
  await devnet.startNodes();
  story.step(
    "four members' nodes and an observer run as processes of their own, and follow the chain",
  );
  if (holders.length > 0) await makeKey(devnet, story, holders);
  await devnet.startGateways();
  story.step("members 1 and 2 open their gateways");
}

async function writeJson(path: string, outcome: Outcome): Promise<void> {
  await writeFile(
    path,
    `${JSON.stringify({ seed, phases: story.phases, ...outcome }, undefined, 2)}\n`,
  );
  story.say(`Written to ${path}.`);
}
