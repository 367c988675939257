/**
 * Which questions one holder answers: those for which the audit log on chain shows a grant that has not
 * ended, for the very thing that is asked. The holder reads the chain by itself and takes nobody's word, and
 * compares the end with its own clock too: a chain on which nothing happens has an old time. Each answer is
 * written down before it leaves, and sealed to the key that the request names: who asks need not be known.
 */
import {
  decodeItem,
  type DisclosureItem,
  sealAnswer,
  subjectOf,
} from "../../protocol/audit/disclosure.ts";
import { makePartialOpening } from "../../protocol/audit/partial-opening.ts";
import { checkEnvelopeProof, decodeEnvelope, type Envelope } from "../../protocol/envelope.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { DisclosureEntry } from "../chain/audit-log.ts";
import type { AnswerLog } from "./answer-log.ts";
import type { HeldShare } from "./shares.ts";

export type HolderParts = {
  readonly networkId: Uint8Array;
  readonly shares: ReadonlyMap<number, HeldShare>;
  /** What the log on chain says of a request, in blocks that are final. @throws Error of a chain that is down. */
  readonly disclosure: (id: number) => Promise<DisclosureEntry | undefined>;
  readonly log: Pick<AnswerLog, "write">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: Random;
};

export class Holder {
  readonly #parts: HolderParts;

  constructor(parts: HolderParts) {
    this.#parts = parts;
  }

  /**
   * The sealed answer to a request.
   * @param item what is to be opened, as its subject on chain is the hash of.
   * @throws Refusal `malformed`, `not-found` without a share of the epoch, `bad-proof`, `not-granted`.
   */
  async answer(id: number, item: Uint8Array): Promise<Uint8Array> {
    const { networkId, log, now, random } = this.#parts;
    const asked = decodeItem(item);
    const envelope = decodeEnvelope(asked.envelope);
    const held = this.#shareOf(envelope);
    checkEnvelopeProof(networkId, asked.deviceKey, envelope);
    const entry = this.#granted(id, asked, envelope, await this.#parts.disclosure(id));

    const opening = makePartialOpening(networkId, held.share, envelope.ephemeral, random);
    const { epoch, requester, subject, legalBasis } = entry;
    const { holder } = held.share;
    await log.write({ id, epoch, holder, requester, subject, legalBasis, answered: now() });
    return await sealAnswer(networkId, { id, subject }, entry.requesterKey, opening, random);
  }

  #shareOf({ epoch }: Envelope): HeldShare {
    const held = this.#parts.shares.get(epoch);
    if (held !== undefined) return held;
    throw new Refusal("not-found", `this holder has no share of epoch ${epoch}`);
  }

  #granted(
    id: number,
    item: DisclosureItem,
    envelope: Envelope,
    entry: DisclosureEntry | undefined,
  ): DisclosureEntry {
    const refuse = (what: string) => new Refusal("not-granted", `request ${id} ${what}`);
    if (entry === undefined) throw refuse("is not in the audit log");
    if (entry.subject !== subjectOf(this.#parts.networkId, item))
      throw refuse("is for something else than what is asked here");
    if (entry.epoch !== envelope.epoch) throw refuse(`is for epoch ${entry.epoch}`);
    if (entry.untilS * 1000 < this.#parts.now()) throw refuse("has ended");
    if (!entry.isGranted) throw refuse(`has ${entry.approvedBy.length} approvals, and needs more`);
    return entry;
  }
}
