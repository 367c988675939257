import { expect } from "chai";
import { isRefusal, type Refusal, type RefusalCode } from "../../../protocol/refusal.ts";

/** Expects a refusal with this code, and gives it. */
export async function refusal(code: RefusalCode, call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error;
  }
  throw new Error(`a refusal "${code}" was expected`);
}
