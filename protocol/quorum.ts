/** How many members must sign, and whether enough of them did. */
import type { Hex } from "./bytes.ts";
import { Refusal } from "./refusal.ts";
import { recoverValidator } from "./typed-data.ts";

/** q = n − ⌊(n − 1) / 3⌋ of n active members. */
export function quorumOf(members: number): number {
  return members - Math.floor((members - 1) / 3);
}

/** Whether `signatures` over `digest` come from q different validators, ascending by address. @throws Refusal `bad-signature`. */
export function checkQuorum(
  digest: Uint8Array,
  signatures: readonly Uint8Array[],
  validators: ReadonlySet<Hex>,
): void {
  const needed = quorumOf(validators.size);
  if (signatures.length < needed) {
    throw new Refusal(
      "bad-signature",
      `${signatures.length} signatures where ${needed} are needed`,
    );
  }
  let last: Hex = "0x";
  for (const signature of signatures) {
    const signer = recoverValidator(digest, signature);
    if (!validators.has(signer))
      throw new Refusal("bad-signature", `${signer} is no validator of an active member`);
    if (signer <= last)
      throw new Refusal("bad-signature", "signatures are not ascending by signer");
    last = signer;
  }
}

/** Puts signatures in the order of their signers, one each, as the contract wants them. */
export function orderSignatures(bySigner: ReadonlyMap<Hex, Uint8Array>): Uint8Array[] {
  return [...bySigner].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature);
}
