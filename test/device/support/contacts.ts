/** Who meets whom: rounds in which everyone meets one other by chance, and whom news can reach by them at all. */
import { randomOf } from "../../support/random-of.ts";

/** Payer and payee. */
export type Contact = readonly [number, number];

/** Rounds of a population of even size, each pairing all of it anew. */
export function randomRounds(size: number, rounds: number, seed: number): Contact[][] {
  const chance = randomOf(seed);
  return Array.from({ length: rounds }, () => {
    const order = Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = Math.floor(chance() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return Array.from({ length: size / 2 }, (_, i) => [order[2 * i]!, order[2 * i + 1]!] as const);
  });
}

/** Whom a chain of contacts leads to from the first: no rule could tell anyone else. */
export function reachable(contacts: Iterable<Contact>): Set<number> {
  const reached = new Set([0]);
  for (const [a, b] of contacts) {
    if (reached.has(a) || reached.has(b)) reached.add(a).add(b);
  }
  return reached;
}
