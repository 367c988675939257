/**
 * Endorses batches: "every leaf is well formed, its signatures hold, its signer is known, and I hold the
 * bytes". Nothing else is judged: not conflicts, not unknown coins, not the order. The member that puts a
 * batch forward asks itself first.
 */
import { type Batch, batchDigest, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { isIssuedBy, type SignedEnrolment } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, type Leaf, leafHash } from "../../protocol/leaf.ts";
import { limits } from "../../protocol/limits.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { type Domain, signTypedDigest } from "../../protocol/typed-data.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Replica } from "../replica.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import type { LeafVerifier } from "../verification/verifier.ts";
import { Objection } from "./objection.ts";

export type EndorserParts = {
  readonly networkId: Uint8Array;
  readonly domain: Domain;
  readonly replica: Replica;
  readonly pool: Pick<PendingPool, "get">;
  readonly store: Pick<LeafStore, "getMany" | "put" | "putBatch">;
  readonly leafVerifier: Pick<LeafVerifier, "verify">;
  /** For issuers' signatures on enrolments. */
  readonly verifier: Verifier;
};

export type EndorserOptions = {
  readonly validatorKey: Uint8Array;
  /** How long to wait for the event the proposer stands at: two block periods. */
  readonly waitMs: number;
};

/** Gives the bytes of leaves this member does not hold, as many as can be had. */
export type Obtain = (hashes: readonly Hex[]) => Promise<ReadonlyMap<Hex, Uint8Array>>;

export class Endorser {
  readonly #parts: EndorserParts;
  readonly #options: EndorserOptions;

  constructor(parts: EndorserParts, options: EndorserOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * Checks a batch, stores its bytes durably, and signs.
   * @param seq the event the proposer stands at.
   * @returns 65 bytes. @throws Objection naming leaves; Refusal `busy`.
   */
  async endorse(batch: Batch, seq: number, obtain: Obtain): Promise<Uint8Array> {
    const { replica, store, domain } = this.#parts;
    if (new Set(batch.leaves).size !== batch.leaves.length) {
      throw new Objection("malformed", "a leaf stands twice in the batch", []);
    }
    if (!(await replica.reached(seq, this.#options.waitMs))) {
      throw new Objection("busy", `event ${seq} is not folded here yet`, []);
    }
    const bytes = await this.#obtainAll(batch.leaves, obtain);
    const leaves = await this.#checkForm(batch.leaves, bytes);
    this.#checkSigners(batch.leaves, leaves);
    await store.put(batch.leaves.map((hash, i) => [hash, bytes[i]!] as const));
    const header = batchHeader(batch);
    await store.putBatch(header.root, batch);
    return signTypedDigest(this.#options.validatorKey, batchDigest(domain, header));
  }

  /** Bytes from the pool, the disk, or the proposer; each is checked against its hash. */
  async #obtainAll(hashes: readonly Hex[], obtain: Obtain): Promise<Uint8Array[]> {
    const { pool, store } = this.#parts;
    const found = new Map<Hex, Uint8Array>();
    const absent = hashes.filter((hash) => {
      const pending = pool.get(hash);
      if (pending !== undefined) found.set(hash, pending.leaf.bytes);
      return pending === undefined;
    });
    const stored = absent.length === 0 ? [] : await store.getMany(absent);
    const unknown = absent.filter((hash, i) => {
      if (stored[i] !== undefined) found.set(hash, stored[i]);
      return stored[i] === undefined;
    });
    if (unknown.length > 0) {
      for (const [hash, bytes] of await obtain(unknown)) {
        if (leafHash(bytes) === hash) found.set(hash, bytes);
      }
    }
    const withheld = hashes.filter((hash) => !found.has(hash));
    if (withheld.length > 0) {
      throw new Objection(
        "not-found",
        `the bytes of ${withheld.length} leaves cannot be had`,
        withheld,
      );
    }
    const all = hashes.map((hash) => found.get(hash)!);
    const sizeBytes = all.reduce((sum, each) => sum + each.length, 0);
    if (sizeBytes > limits.batchBytesMax) {
      throw new Objection(
        "too-large",
        `${sizeBytes} bytes, at most ${limits.batchBytesMax} belong`,
        [],
      );
    }
    return all;
  }

  /**
   * What the pool has was verified when it came, and what lies on disk was before it was stored; the
   * rest is now, off this thread.
   */
  async #checkForm(hashes: readonly Hex[], bytes: readonly Uint8Array[]): Promise<Leaf[]> {
    const known = hashes.map((hash) => this.#parts.pool.get(hash)?.leaf);
    const unverified = bytes.filter((_, i) => known[i] === undefined);
    const verdicts = (await this.#parts.leafVerifier.verify(unverified)).values();
    const bad: Hex[] = [];
    let why = "";
    const leaves = known.map((leaf, i) => {
      if (leaf !== undefined) return leaf;
      const refusal = verdicts.next().value;
      if (refusal === undefined) return decodeLeaf(bytes[i]!);
      bad.push(hashes[i]!);
      why ||= refusal.message;
      return undefined;
    });
    if (bad.length > 0) throw new Objection("bad-signature", why, bad);
    return leaves as Leaf[];
  }

  /** Every signer is enrolled, on the ledger or earlier in the batch, or is a treasury key. */
  #checkSigners(hashes: readonly Hex[], leaves: readonly Leaf[]): void {
    const { state } = this.#parts.replica;
    const treasuries = treasuryOwners(state);
    const enrolledHere = new Set<Owner>();
    const bad = hashes.filter((_, i) => {
      const leaf = leaves[i]!;
      if (leaf.kind === "enrolment") {
        enrolledHere.add(ownerOf(leaf.deviceKey));
        return !this.#isIssued(leaf, state);
      }
      const signer = ownerOf(leaf.signer);
      return !(enrolledHere.has(signer) || treasuries.has(signer) || state.custodianOf(signer));
    });
    if (bad.length > 0)
      throw new Objection("bad-signature", "a signer or issuer is not known", bad);
  }

  #isIssued(enrolment: SignedEnrolment, state: LedgerState): boolean {
    const issuer = state.member(enrolment.member)?.issuer;
    const { networkId, verifier } = this.#parts;
    return issuer !== undefined && isIssuedBy(networkId, enrolment, issuer, verifier);
  }
}

function treasuryOwners(state: LedgerState): Set<Owner> {
  return new Set(state.memberIds().flatMap((id) => state.member(id)!.treasuryOwners));
}
