/** Batches as members propose them. */
import { type Batch, batchHeader, decodeBatch, encodeBatch } from "../../protocol/batch.ts";
import { toHex } from "../../protocol/bytes.ts";
import { bytes } from "./keys.ts";
import { bad, badLengths, patch, type Vectors } from "./vector.ts";

export function batches(): Vectors {
  const batch = (count: number, fields: Partial<Batch> = {}): Batch => ({
    member: 1,
    number: 1,
    leaves: Array.from({ length: count }, (_, i) => toHex(bytes(`leaf ${i}`, 32))),
    ...fields,
  });
  const encoded = encodeBatch(batch(3));
  const whole: [string, Batch][] = [
    ["one leaf", batch(1)],
    ["three leaves", batch(3)],
    ["the last number there is", batch(2, { member: 65_535, number: Number.MAX_SAFE_INTEGER })],
  ];
  return {
    good: whole.map(([name, value]) => ({
      name,
      bytes: toHex(encodeBatch(value)),
      expected: { ...value, root: batchHeader(value).root },
    })),
    bad: [
      ...badLengths(encoded, decodeBatch),
      bad("number 0", patch(encoded, 2, ...new Uint8Array(8)), decodeBatch),
      bad("a number of 2^53", patch(encoded, 2, 0, 0x20, ...new Uint8Array(6)), decodeBatch),
      bad("no leaves", patch(encoded, 10, 0, 0, 0, 0), decodeBatch),
      bad("4,097 leaves", patch(encoded, 10, 0, 0, 0x10, 1), decodeBatch),
    ],
  };
}
