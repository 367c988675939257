/**
 * Claims of money that waits at another member, for payees who come to this bank. Code and password go to the
 * custodian in a parcel, sealed to the intake key that the registry names and signed by our treasury key, which the
 * custodian's record then pays. Neither is written down here, nor can whoever carries the parcel read it. The
 * custodian decides, and counts the try; while it is away the parcel is kept, and handed on until it has answered.
 */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { parseCode } from "../../protocol/claim-code.ts";
import { decodeDeviceReply, type DeviceReply } from "../../protocol/device-reply.ts";
import { REQUEST_NONCE_LENGTH, signDeviceRequest } from "../../protocol/device-request.ts";
import { makeSealingKey, sealingKeyOf } from "../../protocol/hpke.ts";
import type { MemberId } from "../../protocol/output.ts";
import { openAnswer, type ParcelAnswer, sealParcel } from "../../protocol/parcel.ts";
import type { Random } from "../../protocol/random.ts";
import { reasonOf, refusalOf } from "../../protocol/reason.ts";
import { isRefusal, Refusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { Accounts } from "../accounts.ts";
import type { Parcels } from "../parcels.ts";
import type { PresentKey } from "../present-key.ts";
import { Recurring } from "../recurring.ts";
import type { ClaimAsked } from "./claims.ts";
import type { ForeignClaim, ForeignClaimBook, ForeignClaimId } from "./foreign-claim-book.ts";

export type ForeignClaimsParts = {
  readonly networkId: Uint8Array;
  readonly accounts: Pick<Accounts, "account">;
  readonly foreignClaimBook: ForeignClaimBook;
  readonly treasury: PresentKey;
  readonly parcels: Pick<Parcels, "take">;
  /** @throws Refusal `unknown-member`, `unavailable`. */
  readonly intakeOf: (member: MemberId) => Uint8Array;
  readonly random: Random;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How soon a member that did not answer is asked again, and for how long. */
  readonly retryMs: number;
  readonly keepMs: number;
};

/** `waiting` for the custodian; `pending` until the ledger has applied its record; `refused` by the custodian. */
export type ForeignClaimView = Pick<ForeignClaim, "bank" | "record" | "amount" | "reason"> & {
  readonly claim: ForeignClaimId;
  readonly state: "waiting" | "pending" | "paid" | "refused";
};

/** With these a parcel was not handed over, and may be yet. */
const passing: readonly RefusalCode[] = ["busy", "rate-limited", "unavailable"];

const SWEEP_MS = 3_600_000;

export class ForeignClaims {
  readonly #parts: ForeignClaimsParts;
  /** Those that the custodian has not answered. */
  readonly #waiting = new Set<ForeignClaimId>();
  readonly #asking: Recurring;
  readonly #sweeping: Recurring;

  private constructor(parts: ForeignClaimsParts) {
    this.#parts = parts;
    const { foreignClaimBook: book, logger, retryMs } = parts;
    this.#asking = new Recurring({
      task: () => this.#askAgain(),
      everyMs: retryMs,
      logger,
      failure: "claims at other members are not asked for again",
    });
    const sweep = { task: () => book.sweep(), everyMs: SWEEP_MS };
    const failure = "claims at other members that are over could not be forgotten";
    this.#sweeping = new Recurring({ ...sweep, logger, failure });
  }

  /** Finds the claims that were under way. */
  static async open(parts: ForeignClaimsParts): Promise<ForeignClaims> {
    const claims = new ForeignClaims(parts);
    for await (const [id, { asked }] of parts.foreignClaimBook.all()) {
      if (asked !== undefined) claims.#waiting.add(id);
    }
    return claims;
  }

  start(): void {
    this.#asking.start();
    this.#sweeping.start();
  }

  async stop(): Promise<void> {
    await this.#asking.stop();
    await this.#sweeping.stop();
  }

  /** Claims that the custodian has not answered. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Asks the custodian for the money. Asked again, the custodian names the claim that was first, and so do we.
   * @throws Refusal `malformed`, `not-found`, `conflict`, `unknown-member`; as the custodian says.
   */
  async ask({ code: written, password, account }: ClaimAsked, bank: MemberId) {
    const { networkId, accounts, foreignClaimBook, treasury, random, clock } = this.#parts;
    const code = parseCode(networkId, written);
    const { isClosed } = await accounts.account(account);
    if (isClosed) throw new Refusal("conflict", `account ${account} is closed`);
    const intake = this.#parts.intakeOf(bank);
    const nonce = random(REQUEST_NONCE_LENGTH);
    const request = await signDeviceRequest(
      networkId,
      { member: bank, signedTime: clock(), nonce, ask: { kind: "claim", code, password } },
      treasury.present,
    );
    const answerKey = makeSealingKey(random);
    const parcel = await sealParcel(networkId, request, intake, answerKey.publicKey, random);
    const id = toHex(nonce);
    const asked = { parcel: toHex(parcel.bytes), answerKey: toHex(answerKey.privateKey) };
    await foreignClaimBook.add(id, { account, bank, made: clock(), asked });
    this.#waiting.add(id);
    const first = await this.#bring(id);
    const view = await this.of(first);
    if (view.state === "refused") throw refusalOf(view.reason!);
    return view;
  }

  /** How a claim stands, and why. @throws Refusal `not-found`. */
  async of(id: ForeignClaimId): Promise<ForeignClaimView> {
    const row = await this.#parts.foreignClaimBook.get(id);
    if (row === undefined) throw new Refusal("not-found", `no claim ${id} was made here`);
    const { bank, record, amount, reason } = row;
    const known = { record, amount, reason };
    return { claim: id, bank, state: stateOf(row), ...defined(known) };
  }

  async #askAgain(): Promise<void> {
    /** A gateway that is away is asked once a round. */
    const away = new Set<MemberId>();
    for (const id of this.#waiting) {
      try {
        const { bank } = (await this.#parts.foreignClaimBook.get(id))!;
        if (away.has(bank)) continue;
        await this.#bring(id);
        if (this.#waiting.has(id)) away.add(bank);
      } catch (err) {
        // Others' claims do not wait for it.
        this.#parts.logger.warn({ err, id }, "a claim at another member could not be asked for");
      }
    }
  }

  /** @returns the claim that it has turned out to be: itself, or one for the same account before it. */
  async #bring(id: ForeignClaimId): Promise<ForeignClaimId> {
    const { foreignClaimBook, parcels, clock, keepMs } = this.#parts;
    const { bank, made, asked } = (await foreignClaimBook.get(id))!;
    if (asked === undefined) {
      // Its money came in before any answer did.
      this.#waiting.delete(id);
      return id;
    }
    try {
      const state = await parcels.take(fromHex(asked.parcel));
      if (state.state === "answered") return await this.#take(id, asked.answerKey, state.answer);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!passing.includes(error.code)) return this.#refused(id, error);
    }
    const away = `member ${bank} does not answer: it is asked again`;
    if (clock() - made >= keepMs) {
      return this.#refused(id, new Refusal("unavailable", `${away} no more`));
    }
    const reason = reasonOf(new Refusal("unavailable", away));
    await foreignClaimBook.change(id, (row) =>
      row.asked === undefined ? row : { ...row, reason },
    );
    return id;
  }

  async #take(id: ForeignClaimId, key: Hex, answer: ParcelAnswer): Promise<ForeignClaimId> {
    const { networkId, foreignClaimBook } = this.#parts;
    const opened = await openAnswer(networkId, sealingKeyOf(fromHex(key)), answer);
    const reply = decodeDeviceReply(opened);
    if (reply.outcome === "refused") return this.#refused(id, refusalOf(reply.reason));
    const { id: record, nonce, amount } = claimIn(reply);
    const first = toHex(nonce);
    if (first === id) {
      await this.#answered(id, { record, amount: String(amount) });
      return id;
    }
    const [row, before] = [await foreignClaimBook.get(id), await foreignClaimBook.get(first)];
    if (before?.account !== row!.account) {
      return this.#refused(id, new Refusal("claim-spent", "the money was claimed for another"));
    }
    await this.#refused(id, new Refusal("claim-spent", `it was claimed before, as ${first}`));
    return first;
  }

  async #refused(id: ForeignClaimId, refusal: Refusal): Promise<ForeignClaimId> {
    await this.#answered(id, { reason: reasonOf(refusal) });
    return id;
  }

  /** Money that has come in meanwhile says more than any answer. */
  async #answered(
    id: ForeignClaimId,
    said: Pick<ForeignClaim, "record" | "amount" | "reason">,
  ): Promise<void> {
    await this.#parts.foreignClaimBook.change(id, (row) => {
      if (row.paid !== undefined) return row;
      const { asked: _asked, reason: _reason, ...rest } = row;
      return { ...rest, ...said };
    });
    this.#waiting.delete(id);
  }
}

function claimIn(reply: DeviceReply & { readonly outcome: "answered" }) {
  const { answer } = reply;
  if (answer.kind === "claim") return answer;
  throw new Refusal("malformed", `a claim was answered with an answer to: ${answer.kind}`);
}

function stateOf({ asked, record, paid }: ForeignClaim): ForeignClaimView["state"] {
  if (paid !== undefined) return "paid";
  if (record !== undefined) return "pending";
  return asked === undefined ? "refused" : "waiting";
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
