/**
 * Rows in nearly the order of their keys. LevelDB looks for the place of each row that it takes in, and finds one near
 * the last much sooner than one anywhere: what it looks at on the way is still at hand.
 */

const PLACES = 1 << 12;
/** Fewer are as fast in any order. */
const FEW = 64;

/**
 * @param placeOf where the item of this number belongs, from 0 to 4095.
 * @returns the numbers of `count` items by place; those of one place ascending.
 */
export function nearOrder(count: number, placeOf: (item: number) => number): Iterable<number> {
  const ordered = Uint32Array.from({ length: count }, (_, i) => i);
  if (count < FEW) return ordered;
  const places = ordered.map(placeOf);
  // Where the items of each place begin, and then where the next of them goes.
  const next = new Uint32Array(PLACES + 1);
  for (const place of places) next[place + 1]!++;
  for (let place = 0; place < PLACES; place++) next[place + 1]! += next[place]!;
  for (let i = 0; i < count; i++) ordered[next[places[i]!]!++] = i;
  return ordered;
}

/** The first 12 bits of what is written as 0x and hexadecimal digits. */
export function headOf(hex: string): number {
  return (digit(hex, 2) << 8) | (digit(hex, 3) << 4) | digit(hex, 4);
}

function digit(hex: string, at: number): number {
  const code = hex.charCodeAt(at);
  return code > 57 ? code - 87 : code - 48;
}
