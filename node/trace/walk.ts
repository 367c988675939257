/**
 * The walk from where a trace starts: back over what each coin came from, on over who took it, or both, a
 * level at a time, until it has gone so deep or found so much as was asked for. What goes back never turns
 * forward again, so that a walk shows descent and not everything that ever touched a common deposit. Only
 * rivals for one coin are looked at sideways: a fork is seen from either of its ends.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { doubleSpendId } from "../../protocol/double-spend.ts";
import { joinOutpoint, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import type { Conflict, Stage } from "../evidence/conflict.ts";
import type { Maker, Makers } from "./makers.ts";

export const directions = ["back", "forward", "both"] as const;
export type Direction = (typeof directions)[number];

export type WalkParts = {
  readonly networkId: Uint8Array;
  readonly makers: Pick<Makers, "of">;
  readonly spenderOf: (outpoint: Outpoint) => Hex | undefined;
  readonly conflictsOf: (record: Hex) => Promise<readonly Conflict[]>;
};

/** Where it begins: at what made coins; of one of which only these coins are followed on, if they are named. */
export type Seed = { readonly id: Hex; readonly only?: Outpoint };

export type WalkBounds = {
  readonly direction: Direction;
  /** Steps from the seeds. */
  readonly depthMax: number;
  readonly nodesMax: number;
};

export type Visit = {
  readonly maker: Maker;
  /** Below zero for what lies before the seeds, above for what came of them. */
  readonly depth: number;
  /** Where it leads in the directions that were asked for. */
  readonly leadsTo: ReadonlySet<Hex>;
};

/** Everything that was come to, by id, in the order of coming. */
export type Walk = {
  readonly visits: ReadonlyMap<Hex, Visit>;
  /** Conflicts that were met, by their ids. */
  readonly conflicts: ReadonlyMap<Hex, Conflict>;
  /** What was led to and made nothing that is known here. */
  readonly absent: ReadonlySet<Hex>;
};

/** At these the coin was made once more. */
const restored: ReadonlySet<Stage> = new Set(["restituted", "paid", "reclaimed"]);

type Step = Seed & {
  readonly depth: number;
  readonly back: boolean;
  readonly forward: boolean;
};

export async function walk(
  parts: WalkParts,
  seeds: readonly Seed[],
  { direction, depthMax, nodesMax }: WalkBounds,
): Promise<Walk> {
  const visits = new Map<Hex, Visit>();
  const conflicts = new Map<Hex, Conflict>();
  const absent = new Set<Hex>();
  const [back, forward] = [direction !== "forward", direction !== "back"];
  let level: Step[] = seeds.map((seed) => ({ ...seed, depth: 0, back, forward }));
  while (level.length > 0 && visits.size < nodesMax) {
    const fresh = unvisited(level, visits).slice(0, nodesMax - visits.size);
    const ids = fresh.map(({ id }) => id);
    const [made, found] = await Promise.all([
      parts.makers.of(ids),
      Promise.all(ids.map((id) => parts.conflictsOf(id))),
    ]);
    const next: Step[] = [];
    for (const [i, step] of fresh.entries()) {
      const [maker, met] = [made[i], found[i]!];
      if (maker === undefined) {
        absent.add(step.id);
        continue;
      }
      for (const conflict of met) conflicts.set(conflict.spend.id, conflict);
      const steps = [...stepsFrom(parts, step, maker, met)];
      const leadsTo = new Set(steps.map(({ id }) => id));
      visits.set(step.id, { maker, depth: step.depth, leadsTo });
      next.push(...steps.filter(({ depth }) => Math.abs(depth) <= depthMax));
    }
    level = next;
  }
  return { visits, conflicts, absent };
}

/** The first step to each id that was not come to. */
function unvisited(level: readonly Step[], visits: ReadonlyMap<Hex, unknown>): Step[] {
  const first = new Map<Hex, Step>();
  for (const step of level) {
    if (!visits.has(step.id) && !first.has(step.id)) first.set(step.id, step);
  }
  return [...first.values()];
}

function* stepsFrom(
  parts: WalkParts,
  { id, only, depth, back, forward }: Step,
  maker: Maker,
  conflicts: readonly Conflict[],
): Generator<Step> {
  for (const { spend } of conflicts) {
    const rival = spend.lostId === id ? spend.wonId : spend.lostId;
    yield { id: rival, depth, back: false, forward };
  }
  if (back) {
    for (const parent of parentsOf(parts, maker, conflicts))
      yield { id: parent, depth: depth - 1, back, forward: false };
  }
  if (!forward) return;
  for (const [index] of maker.outputs.entries()) {
    const outpoint = joinOutpoint(id, index);
    if (only !== undefined && outpoint !== only) continue;
    const taker = parts.spenderOf(outpoint);
    if (taker !== undefined) yield { id: taker, depth: depth + 1, back: false, forward };
  }
}

/** What made the coins that it names, and what made those once more that it had lost. */
function parentsOf(
  { networkId }: WalkParts,
  { id, record }: Maker,
  conflicts: readonly Conflict[],
): Set<Hex> {
  const parents = new Set((record?.inputs ?? []).map((input) => splitOutpoint(input).id));
  for (const { spend, standing } of conflicts) {
    if (spend.lostId === id && restored.has(standing.stage))
      parents.add(doubleSpendId(networkId, spend.outpoint, id));
  }
  return parents;
}
