/** What a purse refused, and with which code. */
import { expect } from "chai";
import { isRefusal, type Refusal, type RefusalCode } from "../../../protocol/refusal.ts";

/** Awaits an act that must be refused with `code`. */
export async function refused(code: RefusalCode, act: Promise<unknown>): Promise<Refusal> {
  const outcome = await act.then(
    () => "it was taken",
    (error: unknown) => error,
  );
  if (!isRefusal(outcome)) throw outcome instanceof Error ? outcome : new Error(String(outcome));
  expect(outcome.code, outcome.message).to.equal(code);
  return outcome;
}
