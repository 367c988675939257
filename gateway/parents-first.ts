/** The order in which leaves are handed on: what makes a coin before what takes it. */
import type { Hex } from "../protocol/bytes.ts";
import { splitOutpoint } from "../protocol/output.ts";
import type { NamedLeaf } from "./intake-leaf.ts";

/**
 * As many of `leaves` as fit, in the order they came, but each after those of its parents that are among
 * them. What does not fit stays behind.
 * @param byId the leaves that wait, by id.
 */
export function parentsFirst<Leaf extends NamedLeaf>(
  leaves: Iterable<Leaf>,
  byId: (id: Hex) => readonly Leaf[],
  countMax: number,
  bytesMax: number,
): Leaf[] {
  const ordered: Leaf[] = [];
  const placed = new Set<Hex>();
  let bytes = 0;
  for (const leaf of leaves) {
    for (const next of withParents(leaf, byId, placed)) {
      bytes += next.bytes.length;
      if (ordered.length === countMax || bytes > bytesMax) return ordered;
      ordered.push(next);
    }
  }
  return ordered;
}

/** The leaf after its parents and theirs, without those already placed. Depth is bounded by no one: no recursion. */
function withParents<Leaf extends NamedLeaf>(
  leaf: Leaf,
  byId: (id: Hex) => readonly Leaf[],
  placed: Set<Hex>,
): Leaf[] {
  const ordered: Leaf[] = [];
  const stack = [{ leaf, parentsDone: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.parentsDone) {
      ordered.push(top.leaf);
      continue;
    }
    if (placed.has(top.leaf.hash)) continue;
    placed.add(top.leaf.hash);
    stack.push({ leaf: top.leaf, parentsDone: true });
    const parents = new Set(top.leaf.inputs.map((input) => splitOutpoint(input).id));
    for (const id of parents) {
      for (const parent of byId(id)) stack.push({ leaf: parent, parentsDone: false });
    }
  }
  return ordered;
}
