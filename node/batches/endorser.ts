/**
 * Endorses batches: "every leaf is well formed, its signatures hold, its signer is known, and I hold the
 * bytes". Nothing else is judged: not conflicts, not unknown coins, not the order. The member that puts a
 * batch forward asks itself first.
 */
import { type Batch, batchDigest, type BatchHeader, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { isIssuedBy, type SignedEnrolment } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { type Leaf, leafHash } from "../../protocol/leaf.ts";
import { limits } from "../../protocol/limits.ts";
import type { Verifier } from "../../protocol/signature.ts";
import type { Domain } from "../../protocol/typed-data.ts";
import type { LeafIntake } from "../leaf-intake.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Replica } from "../replica.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import type { Validator } from "../validator.ts";
import { Objection } from "./objection.ts";

export type EndorserParts = {
  readonly networkId: Uint8Array;
  readonly domain: Domain;
  readonly replica: Replica;
  readonly pool: Pick<PendingPool, "get">;
  readonly store: Pick<LeafStore, "leavesNamed" | "putBatch">;
  readonly intake: Pick<LeafIntake, "fetched" | "settled">;
  /** For issuers' signatures on enrolments. */
  readonly verifier: Verifier;
  readonly validator: Pick<Validator, "sign">;
};

export type EndorserOptions = {
  /** How long to wait for the event the proposer stands at: two block periods. */
  readonly waitMs: number;
};

/** Gives the bytes of leaves of a batch that this member does not hold, as many as can be had. */
export type Obtain = (root: Hex, hashes: readonly Hex[]) => Promise<ReadonlyMap<Hex, Uint8Array>>;

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
   * @returns 65 bytes. @throws Objection naming leaves; Refusal `busy`; `unavailable` if a signature would not count.
   */
  async endorse(batch: Batch, seq: number, obtain: Obtain): Promise<Uint8Array> {
    const { domain, validator } = this.#parts;
    return validator.sign(batchDigest(domain, await this.hold(batch, seq, obtain)));
  }

  /** All of that but the signature, which a member that is not active has none of. @throws Objection; Refusal `busy`. */
  async hold(batch: Batch, seq: number, obtain: Obtain): Promise<BatchHeader> {
    const { replica, store } = this.#parts;
    if (new Set(batch.leaves).size !== batch.leaves.length) {
      throw new Objection("malformed", "a leaf stands twice in the batch", []);
    }
    if (!(await replica.reached(seq, this.#options.waitMs))) {
      throw new Objection("busy", `event ${seq} is not folded here yet`, []);
    }
    const header = batchHeader(batch);
    const leaves = await this.#leavesOf(header.root, batch.leaves, obtain);
    this.#checkSigners(batch.leaves, leaves);
    await store.putBatch(header.root, { batch, leaves: leaves.map(({ bytes }) => bytes) });
    return header;
  }

  /** What the pool holds was checked when it came, or is now, as is the rest. */
  async #leavesOf(root: Hex, hashes: readonly Hex[], obtain: Obtain): Promise<Leaf[]> {
    const { pool, intake } = this.#parts;
    // A proposal may overtake the gossip.
    await intake.settled(hashes);
    const found = new Map<Hex, Leaf>();
    const absent = hashes.filter((hash) => {
      const pending = pool.get(hash);
      if (pending?.checked === true) found.set(hash, pending.leaf);
      return !found.has(hash);
    });
    if (absent.length > 0) {
      for (const [hash, leaf] of await this.#fetch(root, absent, obtain)) found.set(hash, leaf);
    }
    const leaves = hashes.map((hash) => found.get(hash)!);
    const sizeBytes = leaves.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (sizeBytes > limits.batchBytesMax) {
      throw new Objection(
        "too-large",
        `${sizeBytes} bytes, at most ${limits.batchBytesMax} belong`,
        [],
      );
    }
    return leaves;
  }

  /** From the pool, the disk if this very batch was held before, or who can be asked. */
  async #fetch(root: Hex, hashes: readonly Hex[], obtain: Obtain): Promise<Map<Hex, Leaf>> {
    const { pool, store, intake } = this.#parts;
    const pending = hashes.flatMap((hash) => pool.get(hash)?.leaf.bytes ?? []);
    const others = hashes.filter((hash) => pool.get(hash) === undefined);
    const stored = await store.leavesNamed(root, others);
    const held = [...pending, ...stored.filter((bytes) => bytes !== undefined)];
    const unknown = others.filter((_, i) => stored[i] === undefined);
    const given = unknown.length === 0 ? [] : [...(await obtain(root, unknown))];
    const obtained = given.filter(([hash, bytes]) => leafHash(bytes) === hash);
    const bytes = [...held, ...obtained.map(([, each]) => each)];
    const found = new Map<Hex, Leaf>();
    const bad: Hex[] = [];
    let why = "";
    for (const candidate of await intake.fetched(bytes)) {
      if (candidate.refusal === undefined) found.set(candidate.hash, candidate.leaf);
      else bad.push(candidate.hash);
      why ||= candidate.refusal?.message ?? "";
    }
    if (bad.length > 0) throw new Objection("bad-signature", why, bad);
    const withheld = hashes.filter((hash) => !found.has(hash));
    if (withheld.length > 0) {
      throw new Objection(
        "not-found",
        `the bytes of ${withheld.length} leaves cannot be had`,
        withheld,
      );
    }
    return found;
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
