/**
 * How leaves come in: handed in by a gateway, or gossiped by another institution. Each is looked at
 * cheaply first, verified once, and only then kept and passed on.
 */
import type { Hex } from "../protocol/bytes.ts";
import { decodeLeaf, type Leaf, leafHash, leafId } from "../protocol/leaf.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { SubmissionResult } from "./api/schema.ts";
import type { Verdict } from "./gossip/host.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { LedgerStore } from "./store/ledger-store.ts";
import type { LeafVerifier } from "./verification/verifier.ts";

export type LeafIntakeParts = {
  readonly networkId: Uint8Array;
  readonly pool: PendingPool;
  readonly store: Pick<LedgerStore, "applied">;
  readonly verifier: Pick<LeafVerifier, "verify">;
  /** Passes verified leaves on to the other institutions. */
  readonly publish: (leaves: readonly Uint8Array[]) => void;
  /** Called when a local leaf came in. */
  readonly onLocal: () => void;
};

/** A leaf that decodes, or why it does not. */
type Candidate = { readonly hash: Hex; readonly bytes: Uint8Array } & (
  | { readonly id: Hex; readonly leaf: Leaf; readonly refusal?: undefined }
  | { readonly id?: undefined; readonly leaf?: undefined; readonly refusal: Refusal }
);

export class LeafIntake {
  readonly #parts: LeafIntakeParts;

  constructor(parts: LeafIntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes in leaves that this member puts forward. A bad one does not hold up the others; one that is
   * known, here or on the ledger, is accepted again.
   * @throws Refusal `busy` when there is no room: hand all of them in again later.
   */
  async submit(leaves: readonly Uint8Array[]): Promise<SubmissionResult[]> {
    const candidates = leaves.map((bytes) => this.#candidate(bytes));
    const verdicts = await this.#verify(candidates);
    const fresh: Uint8Array[] = [];
    for (const [i, candidate] of candidates.entries()) {
      if (candidate.leaf === undefined || verdicts[i] !== undefined) continue;
      const { hash, id, leaf } = candidate;
      if (this.#parts.pool.add({ hash, id, leaf, local: true }) === "added")
        fresh.push(candidate.bytes);
    }
    if (fresh.length > 0) this.#parts.publish(fresh);
    this.#parts.onLocal();
    return candidates.map((candidate, i) => resultOf(candidate, verdicts[i]));
  }

  /** What becomes of a frame of leaves from another institution: passed on if all of them are good. */
  async gossiped(leaves: readonly Uint8Array[]): Promise<Verdict> {
    const { pool, verifier } = this.#parts;
    const candidates = leaves.map((bytes) => this.#candidate(bytes));
    if (candidates.some(({ refusal }) => refusal !== undefined)) return "reject";
    const unknown = candidates.filter(({ hash }) => pool.get(hash) === undefined);
    try {
      const verdicts = await verifier.verify(unknown.map(({ bytes }) => bytes));
      if (verdicts.some((verdict) => verdict !== undefined)) return "reject";
      for (const { hash, id, leaf } of unknown)
        pool.add({ hash, id: id!, leaf: leaf!, local: false });
      return "accept";
    } catch (error) {
      // No room now: what is missed is fetched by its hash when it is sequenced.
      if (isRefusal(error, "busy")) return "ignore";
      throw error;
    }
  }

  #candidate(bytes: Uint8Array): Candidate {
    const hash = leafHash(bytes);
    const pending = this.#parts.pool.get(hash);
    if (pending !== undefined) return { hash, bytes, id: pending.id, leaf: pending.leaf };
    try {
      // A copy: what came in is a view of a buffer of the network's.
      const leaf = decodeLeaf(bytes.slice());
      return { hash, bytes: leaf.bytes, id: leafId(this.#parts.networkId, leaf), leaf };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { hash, bytes, refusal: error };
    }
  }

  /** A refusal for each candidate that is not good; what is in the pool or has applied is not verified again. */
  async #verify(candidates: readonly Candidate[]): Promise<(Refusal | "applied" | undefined)[]> {
    const { pool, store, verifier } = this.#parts;
    const unknown = candidates.filter(
      ({ hash, leaf }) => leaf !== undefined && pool.get(hash) === undefined,
    );
    const applied = await store.applied(unknown.map(({ id }) => id!));
    const isApplied = new Set(unknown.filter(({ hash }, i) => applied[i]?.leafHash === hash));
    const unverified = unknown.filter((candidate) => !isApplied.has(candidate));
    const verdicts = await verifier.verify(unverified.map(({ bytes }) => bytes));
    const bad = new Map(unverified.map((candidate, i) => [candidate, verdicts[i]]));
    return candidates.map((candidate) => {
      if (isApplied.has(candidate)) return "applied";
      return candidate.refusal ?? bad.get(candidate);
    });
  }
}

function resultOf(
  { hash, id }: Candidate,
  verdict: Refusal | "applied" | undefined,
): SubmissionResult {
  const named = { leafHash: hash, ...(id === undefined ? {} : { id }) };
  if (!(verdict instanceof Refusal)) return { ...named, accepted: true };
  return { ...named, accepted: false, code: verdict.code, detail: verdict.message };
}
