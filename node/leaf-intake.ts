/**
 * The one door for leaves: handed in by a gateway, gossiped by another institution, or fetched because a
 * batch names them. Each is looked at cheaply first, verified once however often and wherever it comes,
 * and only then kept and passed on.
 */
import type { Hex } from "../protocol/bytes.ts";
import { ownerOf } from "../protocol/key.ts";
import { decodeLeaf, type Leaf, leafHash, leafId } from "../protocol/leaf.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { SubmissionResult } from "./api/schema.ts";
import type { Verdict } from "./gossip/host.ts";
import type { PendingLeaf, PendingPool } from "./pending-pool.ts";
import type { LedgerState } from "./ledger/state.ts";
import { nativeCopy } from "./service/native-bytes.ts";
import type { LedgerStore } from "./store/ledger-store.ts";
import type { LeafVerifier } from "./verification/verifier.ts";

export type LeafIntakeParts = {
  readonly networkId: Uint8Array;
  readonly pool: PendingPool;
  readonly store: Pick<LedgerStore, "applied">;
  readonly state: Pick<LedgerState, "hasCoin" | "custodianOf">;
  readonly verifier: Pick<LeafVerifier, "verify">;
  /** Passes verified leaves on to the other institutions. */
  readonly publish: (leaves: readonly Uint8Array[]) => void;
  /** Called when a local leaf came in. */
  readonly onLocal: () => void;
};

/** A leaf that decodes, or why it does not. */
export type Candidate = { readonly hash: Hex; readonly bytes: Uint8Array } & (
  | { readonly id: Hex; readonly leaf: Leaf; readonly refusal?: undefined }
  | { readonly id?: undefined; readonly leaf?: undefined; readonly refusal: Refusal }
);

type Good = Extract<Candidate, { readonly leaf: Leaf }>;

/** What came of leaves that were verified together. */
type Judgement = {
  readonly refusals: ReadonlyMap<Hex, Refusal>;
  /** Bytes of those that are new here. */
  readonly added: readonly Uint8Array[];
  /** Why good ones are not in the pool, if there was no room. */
  readonly busy: Refusal | undefined;
};

/** Leaves are bytes of their own, which nobody changes. */
export class LeafIntake {
  readonly #parts: LeafIntakeParts;
  /** What will have come of the leaves that are being verified. */
  readonly #underWay = new Map<Hex, Promise<Judgement>>();

  constructor(parts: LeafIntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes in leaves that this member puts forward. A bad one does not hold up the others; one that is
   * known, here or on the ledger, is accepted again.
   * @throws Refusal `busy` when there is no room: hand all of them in again later.
   */
  async submit(leaves: readonly Uint8Array[]): Promise<SubmissionResult[]> {
    // Copies: what is handed in together is one buffer, and one leaf that waits would keep it.
    const candidates = leaves.map((bytes) => this.#candidate(nativeCopy(bytes)));
    const applied = await this.#applied(candidates);
    const wanted = candidates.filter((each) => isGood(each) && !applied.has(each)) as Good[];
    const { refusals, added, busy } = await this.#take(wanted, true);
    if (added.length > 0) this.#parts.publish(added);
    this.#parts.onLocal();
    if (busy !== undefined) throw busy;
    // What came by gossip too is this member's from now on.
    for (const each of wanted)
      if (!refusals.has(each.hash)) this.#keep(each, { local: true, checked: true });
    return candidates.map((each) => resultOf(each, each.refusal ?? refusals.get(each.hash)));
  }

  /**
   * Takes in a frame of leaves that others check, as it is: their signatures matter here once this member is
   * asked to endorse them after all, or where one names a coin that is gone. It is not passed on.
   */
  spared(leaves: readonly Uint8Array[]): Verdict {
    const candidates = leaves.map((bytes) => this.#candidate(bytes));
    if (!candidates.every(isGood)) return "reject";
    try {
      for (const each of candidates) this.#keep(each, { local: false, checked: false });
    } catch (error) {
      // Without room, what is missed is fetched when a batch names it.
      if (!isRefusal(error, "busy")) throw error;
    }
    return "ignore";
  }

  /** What becomes of a frame of leaves from another institution: passed on if all of them are good. */
  async gossiped(leaves: readonly Uint8Array[]): Promise<Verdict> {
    const candidates = leaves.map((bytes) => this.#candidate(bytes));
    if (!candidates.every(isGood)) return "reject";
    const { refusals, busy } = await this.#take(candidates, false);
    if (refusals.size > 0) return "reject";
    // Without room, what is missed is fetched when a batch names it.
    return busy === undefined ? "accept" : "ignore";
  }

  /**
   * Judges leaves that a batch names, or that matter otherwise. What is good is kept like gossip, as far as
   * there is room.
   * @returns in their order; what has no refusal is good. @throws Refusal `busy`: the verifier has no room.
   */
  async fetched(leaves: readonly Uint8Array[]): Promise<Candidate[]> {
    const candidates = leaves.map((bytes) => this.#candidate(bytes));
    const { refusals } = await this.#take(candidates.filter(isGood), false);
    return candidates.map((each) => {
      const refusal = refusals.get(each.hash);
      return refusal === undefined ? each : { hash: each.hash, bytes: each.bytes, refusal };
    });
  }

  /** Resolves when none of these leaves is being verified any more. */
  async settled(hashes: readonly Hex[]): Promise<void> {
    const flights = new Set(hashes.flatMap((hash) => this.#underWay.get(hash) ?? []));
    // Whoever asked for them hears of failures.
    await Promise.allSettled(flights);
  }

  /** Verifies what is neither known nor under way, and waits for what is. @throws Refusal `busy`. */
  async #take(candidates: readonly Good[], local: boolean): Promise<Judgement> {
    const shared = new Set<Promise<Judgement>>();
    const fresh = candidates.filter(({ hash }) => {
      const flight = this.#underWay.get(hash);
      if (flight !== undefined) shared.add(flight);
      return flight === undefined && !this.#parts.pool.trusts(hash);
    });
    const [own, ...others] = await Promise.all([this.#verify(fresh, local), ...shared]);
    const refusals = new Map(own.refusals);
    for (const { hash } of candidates) {
      for (const other of others) {
        const refusal = other.refusals.get(hash);
        if (refusal !== undefined) refusals.set(hash, refusal);
      }
    }
    const busy = own.busy ?? others.find((other) => other.busy !== undefined)?.busy;
    return { refusals, added: own.added, busy };
  }

  async #verify(fresh: readonly Good[], local: boolean): Promise<Judgement> {
    const flight = this.#verifyAndKeep(fresh, local);
    for (const { hash } of fresh) this.#underWay.set(hash, flight);
    try {
      return await flight;
    } finally {
      for (const { hash } of fresh) this.#underWay.delete(hash);
    }
  }

  async #verifyAndKeep(fresh: readonly Good[], local: boolean): Promise<Judgement> {
    const verdicts = await this.#parts.verifier.verify(fresh.map(({ leaf }) => leaf));
    const refusals = new Map<Hex, Refusal>();
    const added: Uint8Array[] = [];
    try {
      for (const [i, candidate] of fresh.entries()) {
        const refusal = verdicts[i];
        if (refusal !== undefined) {
          refusals.set(candidate.hash, refusal);
          // It may wait there unchecked.
          this.#parts.pool.remove([candidate.hash]);
        } else if (this.#keep(candidate, { local, checked: true }) === "added")
          added.push(candidate.bytes);
      }
    } catch (error) {
      if (!isRefusal(error, "busy")) throw error;
      return { refusals, added, busy: error };
    }
    return { refusals, added, busy: undefined };
  }

  #keep({ hash, id, leaf }: Good, how: Pick<PendingLeaf, "local" | "checked">): "added" | "known" {
    return this.#parts.pool.add({ hash, id, leaf, ...how });
  }

  #candidate(bytes: Uint8Array): Candidate {
    const hash = leafHash(bytes);
    const pending = this.#parts.pool.get(hash);
    if (pending !== undefined) return { hash, bytes, id: pending.id, leaf: pending.leaf };
    try {
      const leaf = decodeLeaf(bytes);
      return { hash, bytes, id: leafId(this.#parts.networkId, leaf), leaf };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { hash, bytes, refusal: error };
    }
  }

  /** Those that are on the ledger already, under their id and as the same leaf. */
  async #applied(candidates: readonly Candidate[]): Promise<ReadonlySet<Candidate>> {
    const { pool, store } = this.#parts;
    const unknown = candidates.filter(
      ({ hash, leaf }) =>
        leaf !== undefined && pool.get(hash) === undefined && this.#mayHaveApplied(leaf),
    );
    if (unknown.length === 0) return new Set();
    const applied = await store.applied(unknown.map(({ id }) => id!));
    return new Set(unknown.filter(({ hash }, i) => applied[i]?.leafHash === hash));
  }

  /** Not while a coin stands that it takes, or its key is not enrolled: the disk need not be asked. */
  #mayHaveApplied(leaf: Leaf): boolean {
    const { state } = this.#parts;
    return leaf.kind === "enrolment"
      ? state.custodianOf(ownerOf(leaf.deviceKey)) !== undefined
      : !leaf.inputs.some((outpoint) => state.hasCoin(outpoint));
  }
}

function isGood(candidate: Candidate): candidate is Good {
  return candidate.leaf !== undefined;
}

function resultOf({ hash, id }: Candidate, refusal: Refusal | undefined): SubmissionResult {
  const named = { leafHash: hash, ...(id === undefined ? {} : { id }) };
  if (refusal === undefined) return { ...named, accepted: true };
  return { ...named, accepted: false, code: refusal.code, detail: refusal.message };
}
