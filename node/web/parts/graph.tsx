/** A trace drawn: boxes made coins and lead to their records, lines are coins. The table below it says the same. */
import type { Trace } from "../api.ts";
import { useFormat, useWords } from "../locale.tsx";
import { box, layoutOf, type Point } from "./graph-layout.ts";

type Node = Trace["nodes"][number];
type Edge = Trace["edges"][number];

const BURN = 2;

export function Graph({ trace }: { readonly trace: Trace }) {
  const words = useWords();
  const { nodes, edges, forks, starts } = trace;
  const { width, height, boxes, lines } = layoutOf(trace);
  const label = words.graphLabel(nodes.length, edges.length);
  return (
    // A graph that is wider than the screen is scrolled by keys as well.
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <svg class="graph" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {edges.map((edge, i) => (
          <Line key={`${edge.outpoint} ${edge.taker}`} edge={edge} {...lines[i]!} />
        ))}
        {nodes.map((node) => (
          <Box
            key={node.id}
            node={node}
            at={boxes.get(node.id)!}
            fork={forks.find(({ records }) => records.includes(node.id))}
            isStart={starts.includes(node.id)}
          />
        ))}
      </svg>
    </div>
  );
}

type BoxProps = {
  readonly node: Node;
  readonly at: Point;
  /** The fork that it is a part of. */
  readonly fork: Trace["forks"][number] | undefined;
  readonly isStart: boolean;
};

/** What colours and dashes tell stands in it in words as well. */
function Box({ node, at, fork, isStart }: BoxProps) {
  const words = useWords();
  const { money, nameOf } = useFormat();
  const { id, kind, member, amount, state, more } = node;
  const marks = [
    ...(fork === undefined ? [] : [fork.isFirst ? words.forkBegan : words.fork]),
    ...(state === "lost" ? [words.lost] : []),
  ];
  const looks = fork === undefined ? state : fork.isFirst ? "first" : "fork";
  return (
    <a href={`#/record/${id}`}>
      <g
        class={`maker ${looks} ${isStart ? "start" : ""}`}
        transform={`translate(${at.x} ${at.y})`}
      >
        <rect width={box.width} height={box.height} rx="10" />
        <text x="12" y="22" class="kind">
          {words.kinds[kind]}
          {more ? " …" : ""}
        </text>
        <text x={box.width - 12} y="22" class="sum">
          {money(amount)}
        </text>
        <text x="12" y="44" class="who">
          {member === undefined ? "" : cut(nameOf(member), 18)} · {id.slice(2, 8)}
        </text>
        <text x="12" y="65" class="mark">
          {marks.join(" · ")}
        </text>
      </g>
    </a>
  );
}

type LineProps = {
  readonly edge: Edge;
  readonly from: Point;
  readonly to: Point;
  readonly isStub: boolean;
};

function Line({ edge: { amount, isLost, lock, taker }, from, to, isStub }: LineProps) {
  const words = useWords();
  const { money } = useFormat();
  const middle = (from.x + to.x) / 2;
  const path = `M${from.x} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  const ending = lock === BURN ? words.burnt : taker === undefined ? words.unspent : "…";
  return (
    <g class={isLost ? "coin lost" : "coin"} aria-hidden="true">
      <path d={path} />
      {isStub && <circle cx={to.x} cy={to.y} r="4" />}
      <title>{`${money(amount)} ${isStub ? ending : ""}`}</title>
      <text x={middle} y={(from.y + to.y) / 2 - 5}>
        {money(amount)}
      </text>
    </g>
  );
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
