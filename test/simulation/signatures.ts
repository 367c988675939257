/**
 * A signature is checked once in a process, however many runs show it: the issuers' signatures on
 * enrolments are the same in every run, and what the fold is told of them stays the truth.
 */
import type { Verifier } from "../../protocol/signature.ts";

export class RememberingVerifier implements Verifier {
  readonly #verifier: Verifier;
  readonly #verdicts = new Map<string, boolean>();

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  isKey(publicKey: Uint8Array): boolean {
    return this.#verifier.isKey(publicKey);
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const question = Buffer.concat([publicKey, signature, message]).toString("latin1");
    const known = this.#verdicts.get(question);
    if (known !== undefined) return known;
    const holds = this.#verifier.verify(publicKey, message, signature);
    this.#verdicts.set(question, holds);
    return holds;
  }
}
