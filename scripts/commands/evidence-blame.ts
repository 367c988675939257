/** `tallystick evidence blame`: of all that evidence files show together, who forked a coin, where it began, and who is cleared. */
import type { Command } from "commander";
import { type Blame, blame, type Fork } from "../../node/evidence/blame.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { parseEvidence } from "../../protocol/evidence.ts";
import { checkEvidence, type LossFinding } from "../../protocol/evidence-check.ts";
import { type Currency, formatAmount } from "../../protocol/money.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import { joinOutpoint, type Outpoint, type Output } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { readText } from "../arguments.ts";
import { type Report, say } from "../report.ts";

type Options = { readonly network: string; readonly json?: true };

const help = `
Give it the files of all double spends that belong together: a fork is told to come from another where the
files show records that lead there. It needs no network, and takes nobody's word: only signatures count.`;

export function registerBlame(evidence: Command): void {
  evidence
    .command("blame")
    .description("who forked a coin, where it began and who is cleared, by evidence files alone")
    .argument("<file...>", "evidence files, in any order")
    .requiredOption("--network <file>", "the network file")
    .option("--json", "one JSON value")
    .addHelpText("after", help)
    .action(async (files: readonly string[], { network, json }: Options) => {
      say(await blameFiles(files, network), json ?? false);
    });
}

/** @throws Refusal naming what does not hold in a file. */
async function blameFiles(files: readonly string[], networkPath: string): Promise<Report> {
  const network = parseNetworkFile(await readText(networkPath));
  const losses: LossFinding[] = [];
  for (const file of files) losses.push(...(await lossesIn(file, network)));
  const found = blameFor(fromHex(network.networkId, 32), losses);
  return { lines: linesOf(found, files.length, network.currency), data: dataOf(found) };
}

async function lossesIn(file: string, network: NetworkFile): Promise<readonly LossFinding[]> {
  return checkEvidence(parseEvidence(await readText(file)), network, new NodeVerifier()).losses;
}

/** Every record in the files, and the coins of those that made one and are no records. */
function blameFor(networkId: Uint8Array, losses: readonly LossFinding[]): Blame {
  const coins = new Map<Outpoint, Output>();
  const records: SignedRecord[] = [];
  for (const { doubleSpend } of losses) {
    const { made, lost, won } = doubleSpend;
    records.push(lost, won);
    if (made.record !== undefined) records.push(made.record);
    else made.outputs.forEach((output, i) => coins.set(joinOutpoint(made.id, i), output));
  }
  return blame(networkId, coins, records, new NodeVerifier());
}

function linesOf({ forks, cleared }: Blame, files: number, currency: Currency): string[] {
  const clear = [...cleared].map((owner) => `  ${owner}`);
  return [
    `${files === 1 ? "One file shows" : `${files} files show`} ${forks.length === 1 ? "one coin" : `${forks.length} coins`} for which a key signed more than once:`,
    ...forks.flatMap((fork) => forkLines(fork, currency)),
    "",
    ...(clear.length === 0
      ? ["Nobody else was paid."]
      : ["Cleared, whatever came of their money:", ...clear]),
  ];
}

function forkLines(fork: Fork, currency: Currency): string[] {
  const { outpoint, owner, custodian, amount, records, isFirst } = fork;
  return [
    `  Key owner ${owner}, with member ${custodian}, signed ${records.length} records for coin ${outpoint} of ${formatAmount(amount, currency)}:`,
    ...records.map((id) => `    ${id}`),
    isFirst ? "    No other fork leads to it: here it began." : "    Another fork leads to it.",
  ];
}

function dataOf({ forks, forkers, cleared }: Blame): object {
  return { forks, forkers: [...forkers], cleared: [...cleared] };
}
