/**
 * Where the boxes and lines of a trace go. Each maker stands in the column after the last of those it comes from, so
 * that money flows from left to right and no line goes back; within a column each stands near what it comes from.
 */

/** What it takes of a trace. */
export type Drawn = {
  readonly nodes: readonly { readonly id: string; readonly depth: number }[];
  readonly edges: readonly {
    readonly outpoint: string;
    readonly maker: string;
    readonly taker?: string;
  }[];
};

export const box = { width: 212, height: 78 } as const;
const GAP = { x: 116, y: 26 } as const;
const EDGE = 12;
/** A coin that leads to nothing shown ends so far from its box. */
const STUB = 84;

export type Point = { readonly x: number; readonly y: number };

export type Layout = {
  readonly width: number;
  readonly height: number;
  /** Top left corners of boxes, by id. */
  readonly boxes: ReadonlyMap<string, Point>;
  /** Lines in the order of the edges. */
  readonly lines: readonly { readonly from: Point; readonly to: Point; readonly isStub: boolean }[];
};

export function layoutOf({ nodes, edges }: Drawn): Layout {
  const shown = new Set(nodes.map(({ id }) => id));
  const parents = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { maker, taker } of edges) {
    if (taker !== undefined && shown.has(maker) && shown.has(taker))
      parents.get(taker)!.push(maker);
  }
  const columns = columnsOf(nodes, parents);
  const boxes = placed(columns, parents);
  const rows = Math.max(...columns.map((ids) => ids.length), 1);
  return {
    width: 2 * EDGE + columns.length * (box.width + GAP.x) - GAP.x + 2 * STUB,
    height: 2 * EDGE + rows * (box.height + GAP.y) - GAP.y,
    boxes,
    lines: linesOf(edges, boxes),
  };
}

function columnsOf(
  nodes: Drawn["nodes"],
  parents: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const column = new Map<string, number>();
  // A record cannot be its own ancestor, so this ends; no recursion, since a line of descent may be long.
  for (let rest = nodes.map(({ id }) => id); rest.length > 0; ) {
    rest = rest.filter((id) => {
      const before = parents.get(id)!.map((parent) => column.get(parent));
      if (before.some((at) => at === undefined)) return true;
      column.set(id, Math.max(-1, ...before.map((at) => at!)) + 1);
      return false;
    });
  }
  // What comes from nothing stands beside what it leads to: no line passes behind a box for it.
  for (const [id, before] of parents) {
    const after = [...parents].filter(([, ids]) => ids.includes(id)).map(([next]) => next);
    if (before.length === 0 && after.length > 0)
      column.set(id, Math.min(...after.map((next) => column.get(next)!)) - 1);
  }
  const columns: string[][] = [];
  for (const [id, at] of column) (columns[at] ??= []).push(id);
  return columns;
}

function placed(
  columns: readonly (readonly string[])[],
  parents: ReadonlyMap<string, readonly string[]>,
): Map<string, Point> {
  const boxes = new Map<string, Point>();
  for (const [at, ids] of columns.entries()) {
    const near = (id: string) => {
      const heights = parents.get(id)!.map((parent) => boxes.get(parent)!.y);
      return heights.reduce((sum, y) => sum + y, 0) / Math.max(heights.length, 1);
    };
    const ordered = ids.toSorted((a, b) => near(a) - near(b));
    for (const [row, id] of ordered.entries())
      boxes.set(id, {
        x: EDGE + STUB + at * (box.width + GAP.x),
        y: EDGE + row * (box.height + GAP.y),
      });
  }
  return boxes;
}

/** Lines leave and reach a box at places of their own, from top to bottom. */
function linesOf(edges: Drawn["edges"], boxes: ReadonlyMap<string, Point>): Layout["lines"] {
  const leaving = places(edges.map(({ maker }) => maker));
  const reaching = places(edges.map(({ taker }) => taker));
  return edges.map(({ maker, taker }, i) => {
    const [start, end] = [boxes.get(maker), taker === undefined ? undefined : boxes.get(taker)];
    const from = start && { x: start.x + box.width, y: start.y + leaving[i]! * box.height };
    const to = end && { x: end.x, y: end.y + reaching[i]! * box.height };
    const isStub = from === undefined || to === undefined;
    return {
      from: from ?? { x: to!.x - STUB, y: to!.y },
      to: to ?? { x: from!.x + STUB, y: from!.y },
      isStub,
    };
  });
}

/** For each, its share of the way down among those with the same name. */
function places(names: readonly (string | undefined)[]): number[] {
  const total = new Map<string | undefined, number>();
  for (const name of names) total.set(name, (total.get(name) ?? 0) + 1);
  const seen = new Map<string | undefined, number>();
  return names.map((name) => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return nth / (total.get(name)! + 1);
  });
}
