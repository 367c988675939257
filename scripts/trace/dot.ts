/** A trace in the DOT language: money flows from left to right, lost coins are dashed, forks are red. */
import type { Trace } from "../../node/client.ts";

type Edge = Trace["edges"][number];

const SHAPES: Readonly<Record<string, string>> = {
  deposit: "house",
  award: "house",
  restitution: "house",
};
const RED = "#b3261e";

/** @param money an amount as people read it. */
export function dotLines(
  { nodes, edges, forks, starts }: Trace,
  money: (amount: string) => string,
): string[] {
  const shown = new Set(nodes.map(({ id }) => id));
  const forked = new Set(forks.flatMap(({ records }) => records));
  const began = new Set(forks.filter(({ isFirst }) => isFirst).flatMap(({ records }) => records));
  return [
    "digraph trace {",
    '  rankdir=LR; node [fontname="sans-serif", shape=box]; edge [fontname="sans-serif"];',
    ...nodes.map(({ id, kind, state, member, seq, more }) => {
      const label = [
        `${kind}${began.has(id) ? " (first fork)" : ""}`,
        short(id),
        `${member === undefined ? "" : `member ${member}, `}${seq === undefined ? "never applied" : `event ${seq}`}${more ? ", more …" : ""}`,
      ].join("\\n");
      const looks = [
        `label="${label}"`,
        `shape=${SHAPES[kind] ?? "box"}`,
        ...(state === "lost" ? ["style=dashed"] : []),
        ...(forked.has(id) ? [`color="${RED}"`] : []),
        ...(starts.includes(id) ? ["penwidth=3"] : []),
      ];
      return `  "${id}" [${looks.join(", ")}];`;
    }),
    ...edges.flatMap((edge) => edgeLines(edge, shown, money)),
    "}",
  ];
}

/** A coin that nobody took, and one whose taker or maker is not shown, ends in a point. */
function edgeLines(
  { outpoint, maker, taker, isLost, amount, owner, lock }: Edge,
  shown: ReadonlySet<string>,
  money: (amount: string) => string,
): string[] {
  const end = taker !== undefined && shown.has(taker) ? taker : `end ${outpoint} ${taker}`;
  const start = shown.has(maker) ? maker : `start ${outpoint}`;
  const points = [start, end]
    .filter((id) => !shown.has(id))
    .map((id) => `  "${id}" [shape=point];`);
  const to = lock === 2 ? "burnt" : short(owner);
  const looks = `label="${money(amount)}\\n${to}"${isLost ? `, style=dashed, color="${RED}"` : ""}`;
  return [...points, `  "${start}" -> "${end}" [${looks}];`];
}

function short(hex: string): string {
  return `${hex.slice(0, 10)}…`;
}
