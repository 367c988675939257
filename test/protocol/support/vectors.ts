/** The committed vectors, as tests read them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { fieldsOf, type Vectors } from "../../../scripts/vectors/vector.ts";

export const folder = join(import.meta.dirname, "../../vectors");

/** A whole file of vectors. */
export function readVectors<Shape>(name: string): Shape & { readonly networkId: Hex } {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

export const networkId = fromHex(readVectors<Vectors>("records").networkId, 32);

/** What a decoder gives, in the form in which vectors state it. */
export function shown(decoded: unknown): unknown {
  return JSON.parse(JSON.stringify(fieldsOf(decoded)));
}

/** What `act` is refused with. @throws whatever else it throws, or if it does not refuse at all. */
export function refusalFrom(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The same of what answers later. */
export async function refusalOf(act: () => Promise<unknown>): Promise<Refusal> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The bytes of the good vectors of a format, by file and the path to them inside. */
export function goodBytes(name: string, ...path: readonly string[]): Uint8Array[] {
  return vectorsAt(name, path).good.map((vector) => fromHex(vector.bytes));
}

/** The vectors of one format. */
export function vectorsAt(name: string, path: readonly string[]): Vectors {
  let at: unknown = readVectors(name);
  for (const part of path) at = (at as Record<string, unknown>)[part];
  return at as Vectors;
}
