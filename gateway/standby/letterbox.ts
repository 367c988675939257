/**
 * Leaves that a process takes in while another is active: checked, stored as a letter, durable before they are
 * acknowledged. The active process moves letters to its intake (Intake.adopt); whoever is active next finds those that
 * are left. Only what is flawless is taken: the rest is for the active process to refuse, which remembers why.
 *
 * What waits is bounded here for each process, as it is in the intake: while the active one has no room, or there is
 * none, letters stay, and this fills up.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  acknowledgedRoot,
  type SignedAcknowledgement,
  signAcknowledgement,
} from "../../protocol/acknowledgement.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { checkLeafSignature, leafHash } from "../../protocol/leaf.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Random } from "../../protocol/random.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Signer, Verifier } from "../../protocol/signature.ts";
import { CheckQueue } from "../check-queue.ts";
import { encodeChunk } from "../chunk.ts";
import { decodeNormalised } from "../intake-leaf.ts";
import { keys } from "../keys.ts";
import type { Store } from "../store.ts";

export type LetterboxParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  /** Absent where structure alone is checked here. */
  readonly verifier?: Verifier | undefined;
  readonly store: Pick<Store, "getMany" | "write">;
  readonly random: Random;
  readonly clock: () => number;
  /** What may wait for the active process; strangers may fill half. */
  readonly leavesMax: number;
};

type Letter = { readonly key: Uint8Array; readonly leaves: number };

/** Signatures checked at a stretch: under a millisecond, after which others have their turn, and one may connect. */
const SLICE = 16;
const NONCE_BYTES = 8;
/** Each is remembered, and looked up all at once. */
const LETTERS_MAX = 5_000;
/** How soon it is looked again whether any were moved. */
const LOOK_MS = 200;

export class Letterbox {
  readonly #parts: LetterboxParts;
  readonly #queue = new CheckQueue();
  /** Not known to be moved. */
  #letters: Letter[] = [];
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: LetterboxParts) {
    this.#parts = parts;
  }

  /** Leaves that wait, as far as it is known. */
  get size(): number {
    return this.#letters.reduce((sum, { leaves }) => sum + leaves, 0);
  }

  /**
   * @param isOwn whether one of the member's devices hands them in.
   * @returns undefined if any of them is not to be taken here.
   * @throws Refusal `busy`; StoreAwayError.
   */
  async take(
    leaves: readonly Uint8Array[],
    isOwn: boolean,
  ): Promise<SignedAcknowledgement | undefined> {
    const { networkId, member, issuer, clock, random, store } = this.#parts;
    const good = await this.#queue.run(leaves.length, { isOwn }, () => this.#check(leaves));
    if (good === undefined) return undefined;
    await this.#makeRoom(leaves.length, isOwn);
    const received = clock();
    const letter = {
      key: keys.letter(isOwn, received, random(NONCE_BYTES)),
      leaves: leaves.length,
    };
    this.#letters.push(letter);
    const value = encodeChunk({ received, leaves: good.normalised });
    await store.write([{ key: letter.key, value, old: null }]);
    const fields = { root: acknowledgedRoot(good.hashes), count: leaves.length, received, member };
    return signAcknowledgement(networkId, fields, issuer);
  }

  async #check(leaves: readonly Uint8Array[]) {
    const { networkId, verifier } = this.#parts;
    const hashes: Hex[] = [];
    const normalised: Uint8Array[] = [];
    for (const [i, bytes] of leaves.entries()) {
      if (i > 0 && i % SLICE === 0) await nextTurn();
      try {
        const leaf = decodeNormalised(bytes);
        if (verifier !== undefined) checkLeafSignature(networkId, leaf, verifier);
        hashes.push(leafHash(bytes));
        normalised.push(leaf.bytes);
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    }
    return { hashes, normalised };
  }

  async #makeRoom(leaves: number, isOwn: boolean): Promise<void> {
    const share = isOwn ? 1 : 1 / 2;
    const isFull = () =>
      this.size + leaves > share * this.#parts.leavesMax ||
      this.#letters.length >= share * LETTERS_MAX;
    if (!isFull()) return;
    if (this.#parts.clock() >= this.#lookedAt + LOOK_MS) {
      // Whoever comes meanwhile waits for the same look.
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
      await this.#looking;
    }
    if (isFull())
      throw new Refusal("busy", `${this.size} leaves wait for the active process, as many as may`);
  }

  /** Forgets the letters that were moved. */
  async #look(): Promise<void> {
    const asked = this.#letters;
    this.#lookedAt = this.#parts.clock();
    const rows = await this.#parts.store.getMany(asked.map(({ key }) => key));
    const moved = new Set(asked.filter((_, i) => rows[i] === undefined));
    this.#letters = this.#letters.filter((letter) => !moved.has(letter));
  }
}
