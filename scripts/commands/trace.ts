/** `tallystick trace`: where money came from and where it went, as a node that keeps the index for it says. */
import { type Command, Option } from "commander";
import type { Trace } from "../../node/client.ts";
import { limits } from "../../protocol/limits.ts";
import { type Currency, formatAmount } from "../../protocol/money.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { readText, wholeBetween } from "../arguments.ts";
import { type Report, say, tableLines, timeText } from "../report.ts";
import { type Access, nodeAt, reaching } from "../service-access.ts";
import { dotLines } from "../trace/dot.ts";

type Node = Trace["nodes"][number];

type Options = Access & {
  readonly node: string;
  readonly network?: string;
  readonly direction?: "back" | "forward" | "both";
  readonly depth?: number;
  readonly limit?: number;
  readonly after?: string;
  readonly dot?: true;
  readonly json?: true;
};

const help = `
<start> is what you have: 0x and 64 digits (a record, a deposit or a conflict), 66 (a coin) or 40 (an owner),
batch:17 (what event 17 sequenced), cycle:3 or case:2. An answer is one page: where a row says "more", trace
from it; where a line says "next", ask again with --after.

  tallystick trace 0x… --node http://127.0.0.1:7101 --direction back
  tallystick trace 0x… --node http://127.0.0.1:7101 --dot | dot -Tsvg > trace.svg

Owners are keys under false names. Who stands behind one is for the regulators to open.`;

export function registerTrace(program: Command): void {
  reaching(
    program
      .command("trace")
      .description("where money came from and where it went: a table, or a graph with --dot"),
  )
    .argument("<start>", "a record, a coin, an owner, a batch, a cycle or a case")
    .requiredOption("--node <url>", "the node to ask: an observer, or one with trace.index")
    .option("--network <file>", "the network file, for amounts in its currency")
    .addOption(
      new Option("--direction <which>", "what it came from, what came of it, or both").choices([
        "back",
        "forward",
        "both",
      ]),
    )
    .option("--depth <steps>", "from the start", wholeBetween(0, limits.traceDepthMax))
    .option("--limit <nodes>", "in one answer", wholeBetween(1, limits.traceNodesMax))
    .option("--after <place>", "the next page of a start with many records")
    .option("--dot", "a graph in the DOT language")
    .option("--json", "one JSON value")
    .addHelpText("after", help)
    .action(run);
}

async function run(start: string, options: Options): Promise<void> {
  const { node, network, direction, depth, limit, after, dot, json, ...access } = options;
  const trace = await (await nodeAt(node, access)).trace({
    from: start,
    ...(direction === undefined ? {} : { direction }),
    ...(depth === undefined ? {} : { depth }),
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
  });
  const { currency } = network === undefined ? {} : parseNetworkFile(await readText(network));
  const money = moneyIn(currency);
  const lines = dot ? dotLines(trace, money) : linesOf(trace, money);
  say({ lines, data: trace } satisfies Report, json ?? false);
}

/** Minor units where the currency is not known. */
function moneyIn(currency: Currency | undefined): (amount: string) => string {
  return (amount) => (currency === undefined ? amount : formatAmount(BigInt(amount), currency));
}

function linesOf(trace: Trace, money: (amount: string) => string): string[] {
  const { nodes, forks, next, seq, indexedSeq } = trace;
  const ordered = nodes.toSorted((a, b) => a.depth - b.depth || (a.seq ?? 0) - (b.seq ?? 0));
  const head = ["step", "what", "id", "by", "member", "amount", "event", "cycle", "time", ""];
  return [
    ...tableLines(
      head,
      ordered.map((node) => rowOf(node, trace, money)),
    ),
    ...forks.flatMap(({ owner, custodian, outpoint, amount, records, isFirst }) => [
      "",
      `Key owner ${owner}, with member ${custodian}, signed ${records.length} records for coin ${outpoint} of ${money(amount)}.`,
      isFirst
        ? "No other fork that is shown leads to it: here it began."
        : "Another fork leads to it.",
    ]),
    ...(next === undefined ? [] : ["", `next: --after ${next}`]),
    ...(indexedSeq === seq ? [] : ["", `The index is at event ${indexedSeq} of ${seq}.`]),
  ];
}

function rowOf(node: Node, { forks }: Trace, money: (amount: string) => string): string[] {
  const { id, kind, state, depth, signer, member, amount, seq, cycle, timeS, more } = node;
  const fork = forks.find(({ records }) => records.includes(id));
  const notes = [
    ...(state === "lost" ? ["lost its coins"] : []),
    ...(fork === undefined ? [] : [fork.isFirst ? "FIRST FORK" : "fork"]),
    ...(more ? ["more"] : []),
  ];
  return [
    depth > 0 ? `+${depth}` : String(depth),
    kind,
    id,
    signer ?? "",
    String(member ?? ""),
    money(amount),
    String(seq ?? ""),
    String(cycle ?? ""),
    timeS === undefined ? "" : timeText(timeS * 1000),
    notes.join(", "),
  ];
}
