/** What a case finds wrong with an implementation: a sentence that its maker can act on. */
import { isRefusal } from "../../protocol/refusal.ts";

export class Finding extends Error {}

/** @throws Finding with what should hold. */
export function check(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new Finding(expected);
}

/** Reads or checks what the implementation made. @throws Finding if it is not in order. */
export async function inOrder<T>(what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new Finding(`${what} is not in order: ${error.code}, ${error.message}`);
  }
}
