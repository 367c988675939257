/** Signatures and verdicts that are remembered: devices that do the same are asked the same many times over. */
import { type NamedKey, Seed } from "../../../../device/conformance/seed.ts";
import type { Verifier } from "../../../../protocol/signature.ts";

/** Signs what it has signed before from memory: its signatures are deterministic. */
export class RememberingSeed extends Seed {
  readonly #keys = new Map<string, NamedKey>();

  override key(name: string): NamedKey {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = super.key(name);
    const signatures = new Map<string, Promise<Uint8Array>>();
    const sign = (message: Uint8Array) => {
      const text = nameOf(message);
      const signature = signatures.get(text) ?? key.sign(message);
      signatures.set(text, signature);
      return signature;
    };
    this.#keys.set(name, { ...key, sign });
    return this.#keys.get(name)!;
  }
}

export function rememberingVerifier(verifier: Verifier): Verifier {
  const verdicts = new Map<string, boolean>();
  return {
    isKey: (publicKey) => verifier.isKey(publicKey),
    verify(publicKey, message, signature) {
      const name = `${nameOf(publicKey)}/${nameOf(message)}/${nameOf(signature)}`;
      const verdict = verdicts.get(name) ?? verifier.verify(publicKey, message, signature);
      verdicts.set(name, verdict);
      return verdict;
    },
  };
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
