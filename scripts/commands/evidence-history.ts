/** `tallystick evidence history` and `trace`: fetches the file that shows where a coin comes from, and checks one with no network. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { checkHistory, type HistoryFindings, parseHistory } from "../../protocol/coin-history.ts";
import { formatAmount } from "../../protocol/money.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import type { Parent } from "../../protocol/parent.ts";
import { parseHex, readText } from "../arguments.ts";
import { type Report, say } from "../report.ts";
import { type Access, nodeAt, reaching } from "../service-access.ts";

type FetchOptions = Access & { readonly node: string; readonly out: string };
type TraceOptions = { readonly network: string; readonly json?: true };

export function registerHistory(evidence: Command): void {
  reaching(
    evidence
      .command("history")
      .description("the file that shows where a coin comes from, spent or not"),
  )
    .argument("<outpoint>", "the coin: 0x and 66 digits")
    .requiredOption("--node <url>", "the node to ask")
    .requiredOption("--out <file>", "where it is written")
    .action(async (text: string, { node, out, ...access }: FetchOptions) => {
      const outpoint = parseHex(text, 33, "an outpoint");
      const content = await (await nodeAt(node, access)).history(outpoint);
      await writeFile(out, content);
      const lines = [
        `${out}: ${parseHistory(content).parents.length} records and deposits.`,
        `Check it: tallystick evidence trace ${out} --network network.json`,
      ];
      say({ lines, data: {} }, false);
    });
  evidence
    .command("trace")
    .description("what a history file proves of a coin, with no network")
    .argument("<file>", "the history file")
    .requiredOption("--network <file>", "the network file")
    .option("--json", "one JSON value")
    .action(async (file: string, { network, json }: TraceOptions) => {
      say(await traceFile(file, network), json ?? false);
    });
}

/** @throws Refusal naming what does not hold. */
async function traceFile(file: string, networkPath: string): Promise<Report> {
  const network = parseNetworkFile(await readText(networkPath));
  const history = parseHistory(await readText(file));
  const found = checkHistory(history, network.networkId, new NodeVerifier());
  const lines = linesOf(history.outpoint, found, network);
  const parents = found.parents.map(({ id, record }) => ({ id, kind: record?.kind ?? "deposit" }));
  const { coin, beyond } = found;
  return { lines, data: { outpoint: history.outpoint, coin, parents, beyond } };
}

function linesOf(
  outpoint: Outpoint,
  { coin, parents, beyond }: HistoryFindings,
  { currency }: NetworkFile,
): string[] {
  const money = (amount: bigint) => formatAmount(amount, currency);
  const made = ({ id, record, outputs }: Parent) =>
    `  ${record?.kind ?? "deposit"} ${id}: ${outputs.map(({ amount, owner }) => `${money(amount)} to ${owner}`).join(", ")}`;
  return [
    `Coin ${outpoint} of ${money(coin.amount)} was made for key owner ${coin.owner}, with member ${coin.custodian}.`,
    "",
    "Where it comes from, each after what it spends; every signature holds, and nothing makes more than it spends:",
    ...parents.map(made),
    ...(beyond.length === 0
      ? ["All of it leads back to deposits."]
      : [`Not shown: where ${beyond.length} of the coins that were spent on the way come from.`]),
    "",
    "That all of this applied, the ledger says: compare it at any node, by the ids.",
  ];
}
