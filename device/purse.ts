/**
 * The purse: the trusted boundary of a device. What is inside decides what the device key signs; there
 * is no way to have it sign anything else. Every message stands on a write that came before it, so that
 * a purse that is cut off at any moment, and opened again, goes on where it was: value is never lost and
 * never doubled, and a message that is asked for again is the same bytes.
 *
 * A purse says what kind of device it is. One of class `software` keeps its promises as long as nobody
 * copies its store or its key; a secure element keeps the same promises against its owner too.
 */
import { argon2id } from "#argon2";
import { sha256 } from "#sha256";
import type { SignedAcknowledgement } from "../protocol/acknowledgement.ts";
import type { RecordStatus } from "../protocol/answer.ts";
import type { Ask, EnrolAsk } from "../protocol/ask.ts";
import { decodeBundle, encodeBundle } from "../protocol/bundle.ts";
import { equalBytes, type Hex, toHex } from "../protocol/bytes.ts";
import { codeSecret, formatCode, makeCode } from "../protocol/claim-code.ts";
import { decodeConfirmation, type SignedConfirmation } from "../protocol/confirmation.ts";
import {
  REQUEST_NONCE_LENGTH,
  signDeviceRequest,
  type SignedDeviceRequest,
} from "../protocol/device-request.ts";
import { consentMessage } from "../protocol/enrolment.ts";
import type { Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import type { MemberId, Outpoint } from "../protocol/output.ts";
import type { SignedRecord } from "../protocol/record.ts";
import { parseReference } from "../protocol/reference.ts";
import { Refusal } from "../protocol/refusal.ts";
import { decodeRequest, requestNonce, type SignedRequest } from "../protocol/request.ts";
import type { SignedShowing } from "../protocol/showing.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { SignedStatement } from "../protocol/statement.ts";
import { learnLists } from "./held-lists.ts";
import { type HistoryEntry, historyOf } from "./history.ts";
import {
  type Holder,
  holderOf,
  idOf,
  knowledgeOf,
  ownCertificate,
  type PurseParts,
} from "./holder.ts";
import { type Identity, identityOf } from "./identity.ts";
import {
  type HandedIn,
  type News,
  takeAcknowledgement,
  takeNews,
  takeNote,
  takeStatement,
} from "./news.ts";
import { answeredBefore, type Received, takeBundle, takePayment } from "./payee.ts";
import {
  checkAsked,
  finishPayment,
  isSigned,
  prepareCode,
  preparePayment,
  prepareRedemption,
  takeConfirmation,
} from "./payer.ts";
import { prepareMerging } from "./merging.ts";
import { type OfflineLimits, offlineLimits } from "./offline-limits.ts";
import {
  bundleOf,
  checkNothingPending,
  type PendingRecord,
  pendingRecords,
} from "./pending-store.ts";
import { PinPad } from "./pin-pad.ts";
import { PurseCore } from "./purse-core.ts";
import { loadState } from "./purse-rows.ts";
import { type Balance, balanceOf, type HeldCoin, heldCoins } from "./purse-state.ts";
import type { Draft } from "./purse-tables.ts";
import { makeRequest, openAnswer } from "./requests.ts";
import { SecondFactorPad } from "./second-factor-pad.ts";
import { showPayment } from "./shown-payment.ts";

/** What a purse is asked to ask. */
export type Question =
  | Exclude<Ask, { readonly kind: "second-factors" }>
  | { readonly kind: "second-factors" };

export class Purse {
  /** What the holder enters before money may leave. */
  readonly pin: PinPad;
  /** What the holder enters before a high amount may leave, and what a second device shows for it. */
  readonly secondFactor: SecondFactorPad;
  readonly #holder: Holder;
  readonly #core: PurseCore;

  private constructor(holder: Holder, core: PurseCore) {
    this.#holder = holder;
    this.#core = core;
    this.pin = new PinPad(core, holder.random);
    this.secondFactor = new SecondFactorPad(holder, core, this.pin);
  }

  /**
   * Opens a store's purse, or makes a new one in an empty store; finishes what was cut off.
   * @throws Refusal `unsupported-version` for what another version of this software keeps; `wrong-network`, or
   *   `wrong-folder` for the purse of another key or member.
   */
  static async open(parts: PurseParts): Promise<Purse> {
    const holder = holderOf(parts);
    const core = new PurseCore(parts.store, await loadState(parts.store));
    await core.alone(async (draft) => {
      claimStore(draft, holder, parts);
      for (const [key, made] of draft.rows("payments")) {
        if (!isSigned(made)) await finishPayment(holder, draft, key);
      }
    });
    return new Purse(holder, core);
  }

  get networkId(): Uint8Array {
    return this.#holder.networkId;
  }

  get member(): MemberId {
    return this.#holder.member;
  }

  /** What it checks signatures with. */
  get verifier(): Verifier {
    return this.#holder.verifier;
  }

  identity(): Identity {
    return identityOf(this.#holder, this.#core.view());
  }

  balance(): Balance {
    const draft = this.#core.view();
    return balanceOf(this.#holder, draft, knowledgeOf(this.#holder, draft));
  }

  /** What the device may do offline, here and now. @throws Refusal `sync-needed` before it is certified. */
  limits(): OfflineLimits {
    const draft = this.#core.view();
    const known = knowledgeOf(this.#holder, draft);
    return offlineLimits(known, ownCertificate(this.#holder, draft));
  }

  /** The coins that are not spent, and how long the receipts they have are good. */
  coins(): HeldCoin[] {
    return heldCoins(this.#core.view());
  }

  /** Records made or received and not known to have applied, parents first. */
  pending(): PendingRecord[] {
    return pendingRecords(this.#holder, this.#core.view());
  }

  /**
   * What shows that a record held here was good money when it was taken: the record, those that lead to it, and
   * the certificates and receipts that vouched for them. A bank opens a case with it, should one be false.
   * @returns a bundle's bytes. @throws Refusal `not-found` for a record that is held no more.
   */
  proofOf(id: Hex): Uint8Array {
    return encodeBundle(bundleOf(this.#core.view(), id));
  }

  /**
   * Signs, as the device, that somebody else is shown one of its payments, in that one's words: a gateway makes the
   * file of it (protocol/presentation.ts).
   * @throws Refusal `not-found` for what the device took no part in, `malformed` for the words.
   */
  async show(id: Hex, words: string): Promise<SignedShowing> {
    return await showPayment(this.#holder, this.#core.view(), id, words);
  }

  /** What was paid and received, newest first, also when the records have long been settled. */
  history(): HistoryEntry[] {
    return historyOf(this.#holder, this.#core.view());
  }

  /**
   * Takes money that answers no request, as a bundle.
   * @returns what came in with it, 0 if the purse has it already.
   * @throws Refusal as `receive` does.
   */
  accept(bundle: Uint8Array): Promise<Amount> {
    return this.#core.alone(async (draft) =>
      takeBundle(this.#holder, draft, decodeBundle(this.#holder.networkId, bundle)),
    );
  }

  /**
   * Asks to be paid: message 1. Each has a key of its own, which opens one payment.
   * @throws Refusal `sync-needed` before the device is certified, `expired`, `over-balance-limit`.
   */
  request(amount: Amount, reference = ""): Promise<Uint8Array> {
    return this.#core.alone(async (draft) => {
      const request = await makeRequest(this.#holder, draft, amount, reference);
      return request.bytes;
    });
  }

  /**
   * What message 1 asks for, and who asks: to be shown to whoever is to agree, since it is in order. Whether it can
   * be paid is for `pay`.
   * @throws Refusal for a request that is not in order, as `pay` does.
   */
  checkRequest(request: Uint8Array): SignedRequest {
    const decoded = decodeRequest(request);
    checkAsked(this.#holder, this.#core.view(), decoded);
    parseReference(decoded.reference);
    return decoded;
  }

  /**
   * Pays what message 1 asks for: message 2. Asked again, the same bytes, also while the purse is locked.
   * @param coins the coins to choose from; all, if it is not given.
   * @throws Refusal `pin-needed`; for a request that is not in order, beyond the limits, or not covered;
   *   `second-factor-needed` unless `secondFactor` has confirmed just this, `second-factor-blocked`.
   */
  async pay(request: Uint8Array, coins?: readonly Outpoint[]): Promise<Uint8Array> {
    const decoded = decodeRequest(request);
    const key = toHex(requestNonce(this.#holder.networkId, decoded));
    await this.#core.alone(async (draft) => {
      const made = draft.get("payments", key);
      if (made === undefined) {
        this.pin.check(draft);
        preparePayment(this.#holder, draft, decoded, coins);
      } else if (made.request === undefined || !equalBytes(made.request.bytes, request)) {
        throw new Refusal("conflict", "another request has the same nonce");
      }
    });
    return this.#core.alone(async (draft) => {
      const made = await finishPayment(this.#holder, draft, key);
      return made.message!;
    });
  }

  /**
   * Takes message 2 and answers with message 3. The same exchange gives the same answer.
   * @throws Refusal `not-for-us` if it answers no open request; any other, for money the device does not
   *   touch, names why, and there is no message 3: the payer syncs, and the ledger decides.
   */
  receive(payment: Uint8Array): Promise<Received> {
    return this.#core.alone(async (draft, commit) => {
      const given = draft.get("answers", toHex(sha256(payment)));
      if (given !== undefined) {
        return answeredBefore(given);
      }
      const answer = await openAnswer(this.#holder, draft, payment);
      learnLists(draft, answer.payment.lists, () => knowledgeOf(this.#holder, draft));
      await commit();
      return takePayment(this.#holder, draft, payment, answer);
    });
  }

  /**
   * Takes message 3: the change is free to be paid; money that was returned is back. Taken again, it
   * changes nothing.
   * @throws Refusal `not-for-us`, `bad-signature`, or for a return that is not one.
   */
  confirm(confirmation: Uint8Array): Promise<SignedConfirmation> {
    return this.#core.alone(async (draft) => {
      const decoded = decodeConfirmation(confirmation);
      takeConfirmation(this.#holder, draft, decoded);
      learnLists(draft, decoded.lists, () => knowledgeOf(this.#holder, draft));
      return decoded;
    });
  }

  /**
   * Takes what a gateway renews, in this order: lists, the certificate, receipts. Lists that are stale or
   * not in order are passed over; of the rest, all or nothing.
   * @throws Refusal `not-for-us`, and as the checks of certificates and receipts do.
   */
  refresh(news: News): Promise<void> {
    return this.#core.alone(async (draft) => takeNews(this.#holder, draft, news));
  }

  /**
   * Takes the own member's word that a record has applied: what it spent is spent, change is free.
   * @throws Refusal `not-for-us` for another member's word, `bad-signature`.
   */
  settled(statement: SignedStatement): Promise<void> {
    return this.#core.alone(async (draft) => takeStatement(this.#holder, draft, statement));
  }

  /**
   * A member has leaves durably. @param leaves in the order they were handed in.
   * @throws Refusal `bad-signature`, `bad-proof` if the acknowledgement is for other leaves.
   */
  acknowledged(acknowledgement: SignedAcknowledgement, leaves: readonly HandedIn[]): Promise<void> {
    return this.#core.alone(async (draft) =>
      takeAcknowledgement(this.#holder, draft, acknowledgement, leaves),
    );
  }

  /** Notes what a gateway says of a record that has not applied: unknown, on its way, or refused and why. */
  noted(status: RecordStatus): Promise<void> {
    return this.#core.alone(async (draft) => takeNote(draft, status));
  }

  /** What the device asks to be enrolled with its member. @param credential by which the bank knows its customer. */
  async enrolment(credential: Uint8Array, label = ""): Promise<EnrolAsk> {
    const { networkId, member, signer } = this.#holder;
    const consent = await signer.sign(consentMessage(networkId, member));
    return { kind: "enrol", consent, class: this.#holder.class, label, credential };
  }

  /** Signs a question to the gateway of `member`. What second factors are to be sealed to is for the purse to say. */
  ask(question: Question, member = this.#holder.member): Promise<SignedDeviceRequest> {
    const { networkId, signer, random } = this.#holder;
    const { signedTime } = this.#core.view().get("purse", "")!;
    const nonce = random(REQUEST_NONCE_LENGTH);
    const ask = question.kind === "second-factors" ? this.secondFactor.ask() : question;
    return signDeviceRequest(networkId, { member, signedTime, nonce, ask }, signer);
  }

  /**
   * Pays `amount` to the member's vault: the record to be handed in, with the account to be credited.
   * @param vault owner of the member's present treasury key.
   * @throws Refusal `pin-needed`; `sync-needed` while records are pending; as `pay` does for what is not covered.
   */
  async redeem(amount: Amount, vault: Owner): Promise<SignedRecord> {
    const key = await this.#core.alone(async (draft) => {
      this.pin.check(draft);
      checkNothingPending(pendingRecords(this.#holder, draft));
      return toHex(prepareRedemption(this.#holder, draft, amount, vault).nonce);
    });
    const made = await this.#core.alone((draft) => finishPayment(this.#holder, draft, key));
    return made.record;
  }

  /**
   * Makes few coins of the smallest where there are many, by a record to be handed in soon. No money leaves, so no
   * PIN is asked for. @returns whether there was anything to merge.
   */
  async merge(): Promise<boolean> {
    const key = await this.#core.alone(async (draft) => prepareMerging(this.#holder, draft));
    if (key === undefined) return false;
    await this.#core.alone((draft) => finishPayment(this.#holder, draft, key));
    return true;
  }

  /**
   * Pays whoever has the code that this gives and the password, at a gateway of `custodian`, once the record
   * has settled. The code stays in the history; the password is kept nowhere.
   * @param password the payee's, 4 to 64 bytes. It takes a fifth of a second to work on.
   * @throws Refusal `pin-needed`; `malformed` for the password; as `pay` does for limits, the second factor, whose
   *   payee is nobody here, and what is not covered.
   */
  async payCode(
    amount: Amount,
    password: string,
    custodian = this.#holder.member,
  ): Promise<{ readonly code: string; readonly id: Hex }> {
    const { networkId, random } = this.#holder;
    const code = makeCode(random);
    const secret = await codeSecret(networkId, code, password, argon2id);
    const key = await this.#core.alone(async (draft) => {
      this.pin.check(draft);
      const payment = { amount, custodian, code, secret };
      return toHex(prepareCode(this.#holder, draft, payment).nonce);
    });
    const { record } = await this.#core.alone((draft) => finishPayment(this.#holder, draft, key));
    return { code: formatCode(networkId, code), id: idOf(this.#holder, record) };
  }

  /** Waits for what is under way, and lets go of the store. */
  close(): Promise<void> {
    return this.#core.close();
  }
}

/** Whether the store is this device's; an empty one is from now on. */
function claimStore(draft: Draft, holder: Holder, parts: PurseParts): void {
  const { networkId, member, trustKey } = parts;
  const row = draft.get("purse", "");
  if (row === undefined) {
    const blank = { counter: 0, signedTime: 0, trustKey };
    draft.put("purse", "", { networkId, member, deviceKey: holder.key, ...blank });
  } else if (row.networkId !== networkId) {
    throw new Refusal("wrong-network", `the purse is of network ${row.networkId}`);
  } else if (row.member !== member || row.deviceKey !== holder.key) {
    throw new Refusal("wrong-folder", "the purse is of another device key or another member");
  }
}
