/**
 * Answers devices. A request is decoded, told from a forged one, and checked to be of this member and of
 * today; then it is handed to whoever does what it asks. What is turned down is answered, too: with the reason,
 * and with the lists if the device did not know the time.
 */
import type { Answer } from "../protocol/answer.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import { encodeDeviceReply } from "../protocol/device-reply.ts";
import {
  checkDeviceRequestSignature,
  checkDeviceRequestTime,
  type DeviceRequest,
  type SignedDeviceRequest,
} from "../protocol/device-request.ts";
import type { RequestKind } from "../protocol/gateway-messages.ts";
import type { SealingKey } from "../protocol/hpke.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import type { MemberId } from "../protocol/output.ts";
import { reasonOf } from "../protocol/reason.ts";
import { openParcel, type Parcel, type ParcelAnswer, sealAnswer } from "../protocol/parcel.ts";
import type { Random } from "../protocol/random.ts";
import { isRefusal, Refusal, type RefusalCode } from "../protocol/refusal.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { Certificates } from "./certificates.ts";
import type { Claims } from "./claims/claims.ts";
import type { Devices } from "./devices.ts";
import type { Intake } from "./intake.ts";
import type { Lists } from "./lists.ts";
import type { Loads } from "./loads.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type { Nonces } from "./nonces.ts";
import type { Onboarding } from "./onboarding.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Receipts } from "./receipts.ts";
import type { RecordStatuses } from "./record-status.ts";
import type { Redemptions } from "./redemptions.ts";
import type { SecondFactors } from "./second-factors.ts";

export type DeviceDeskParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly verifier: Verifier;
  /** What couriers bring is sealed to it. */
  readonly intakeKey: SealingKey;
  readonly devices: Pick<Devices, "get">;
  readonly nonces: Nonces;
  /** Whoever is not registered cannot push out of the memory who is. */
  readonly rates: { readonly own: RateLimits; readonly strangers: RateLimits };
  readonly onboarding: Onboarding;
  readonly certificates: Certificates;
  readonly loads: Loads;
  readonly redemptions: Redemptions;
  readonly intake: Intake;
  readonly statuses: RecordStatuses;
  readonly receipts: Receipts;
  readonly lists: Lists;
  readonly claims: Pick<Claims, "askFor">;
  readonly secondFactors: Pick<SecondFactors, "answer" | "checkTaken">;
  readonly random: Random;
  readonly clock: () => number;
};

/** What a reply refuses with; of a load that never applied, it gives the ledger's reason besides. */
export const deskRefusals = [
  "malformed",
  "bad-signature",
  "wrong-owner",
  "unknown-recipient",
  "already-enrolled",
  "expired",
  "not-yet-valid",
  "revoked",
  "over-balance-limit",
  "insufficient-funds",
  "too-many-coins",
  "sync-needed",
  "second-factor-waiting",
  "unauthorised",
  "forbidden",
  "conflict",
  "stale-request",
  "unknown-member",
  "wrong-claim",
  "code-locked",
  "claim-spent",
  "claim-expired",
] as const satisfies readonly RefusalCode[];

/** To repeat them changes nothing, or they name what they change. */
const byCourier: readonly RequestKind[] = ["submit", "redeem", "status", "claim"];

export class DeviceDesk {
  readonly #parts: DeviceDeskParts;

  constructor(parts: DeviceDeskParts) {
    this.#parts = parts;
  }

  /**
   * @returns the reply, encoded. @throws Refusal for what is no request of a device to this member, and
   *   `busy` and `unavailable`, which have nothing to do with the device; `rate-limited`.
   */
  async answer(request: SignedDeviceRequest): Promise<Uint8Array> {
    const { networkId, member, verifier, rates } = this.#parts;
    if (request.member !== member) {
      throw new Refusal(
        "not-for-us",
        `the request is for member ${request.member}, this is ${member}`,
      );
    }
    checkDeviceRequestSignature(networkId, request, verifier);
    // Nobody else can sign for the device, and so use up its share.
    const owner = ownerOf(request.deviceKey);
    const isOwn = await this.#isOwn(owner);
    (isOwn ? rates.own : rates.strangers).take(owner, "the device asks");
    return this.#reply(request, () => this.#do(request));
  }

  /**
   * Answers what a courier brings, sealed to the intake key. Couriers take their time and bring the same more than
   * once: of such requests those are answered that change nothing or name what they change. Nobody on the way
   * learns even whether one was refused.
   * @throws Refusal `not-for-us` for what does not open, `malformed`; `busy` and `unavailable` as for any other.
   */
  async answerParcel(parcel: Parcel): Promise<ParcelAnswer> {
    const { networkId, verifier, intakeKey, random } = this.#parts;
    const opened = await openParcel(networkId, intakeKey, parcel);
    const { request } = opened;
    const reply = await this.#reply(request, async () => {
      checkDeviceRequestSignature(networkId, request, verifier);
      const { kind } = request.ask;
      if (byCourier.includes(kind)) return this.#answer(ownerOf(request.deviceKey), request);
      throw new Refusal(
        "forbidden",
        "by courier, records are handed in and asked after and codes claimed, no more",
      );
    });
    return sealAnswer(networkId, parcel, opened, reply, random);
  }

  /** The answer, or why there is none. @throws Refusal on what has nothing to do with the device. */
  async #reply(request: DeviceRequest, act: () => Promise<Answer>): Promise<Uint8Array> {
    const { nonce } = request;
    try {
      return encodeDeviceReply({ nonce, outcome: "answered", answer: await whileNodeAnswers(act) });
    } catch (error) {
      if (!isRefusal(error) || isPassing(error)) throw error;
      const lists = await this.#listsWith(error);
      const { kind } = request.ask;
      const reason = reasonOf(error);
      return encodeDeviceReply({ nonce, outcome: "refused", kind, reason, lists });
    }
  }

  async #do(request: DeviceRequest): Promise<Answer> {
    const { nonces, clock } = this.#parts;
    checkDeviceRequestTime(request, clock());
    const owner = ownerOf(request.deviceKey);
    if (await this.#isOwn(owner)) await nonces.take(request);
    return this.#answer(owner, request);
  }

  async #answer(owner: Owner, { deviceKey, nonce, ask }: DeviceRequest): Promise<Answer> {
    const { onboarding, certificates, loads, redemptions, receipts, intake, statuses, lists } =
      this.#parts;
    const { claims, secondFactors } = this.#parts;
    const { kind } = ask;
    secondFactors.checkTaken(owner, kind);
    switch (kind) {
      case "enrol":
        return onboarding.enrol(deviceKey, ask);
      case "certify": {
        const device = await onboarding.enrolled(owner);
        return { kind, certificate: await certificates.issue(device) };
      }
      case "load":
        return loads.ask(owner, ask);
      case "redeem":
        return { kind, acknowledgement: await redemptions.ask(owner, ask.record) };
      case "submit":
        return {
          kind,
          acknowledgement: await intake.acknowledge(ask.leaves, {
            isOwn: await this.#isOwn(owner),
          }),
        };
      case "status":
        return { kind, records: await statuses.of(ask.ids) };
      case "receipts":
        return { kind, receipts: await receipts.issue(owner, ask.outpoints) };
      case "lists":
        return { kind, lists: await lists.answer(ask.versions) };
      case "claim":
        return claims.askFor(owner, nonce, ask);
      case "second-factors":
        return secondFactors.answer(deviceKey, ask);
    }
  }

  /** Whether the member has registered the device. */
  async #isOwn(owner: Owner): Promise<boolean> {
    return (await this.#parts.devices.get(owner)) !== undefined;
  }

  /** All lists, for a device that is out of date. */
  async #listsWith(refusal: Refusal): Promise<CarriedList[]> {
    return refusal.code === "stale-request" ? this.#parts.lists.answer([]) : [];
  }
}

/** Whether it says nothing of the request, which may be taken when it comes again. */
function isPassing({ row, code }: Refusal): boolean {
  return row.status === 503 || code === "rate-limited";
}
