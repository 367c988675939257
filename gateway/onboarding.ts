/**
 * How a device becomes a customer's: the bank's credential says whose it is, the member's issuer signs the
 * enrolment, the ledger takes it, and only then is a certificate handed out. Asking again with the same key
 * is the same enrolment.
 */
import { fromHex, toHex, utf8 } from "../protocol/bytes.ts";
import type { EnrolAnswer } from "../protocol/answer.ts";
import type { EnrolAsk } from "../protocol/ask.ts";
import {
  consentMessage,
  decodeEnrolment,
  isIssuedBy,
  signEnrolment,
  type SignedEnrolment,
} from "../protocol/enrolment.ts";
import { type AuditKey, sealEnvelope } from "../protocol/envelope.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import type { NodeClient } from "../node/client.ts";
import type { Certificates } from "./certificates.ts";
import type { Credentials, Holder } from "./credentials.ts";
import type { Accounts } from "./accounts.ts";
import type { Device, Devices } from "./devices.ts";
import type { Intake } from "./intake.ts";
import { Serial } from "./serial.ts";

export type OnboardingParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly verifier: Verifier;
  /** The regulators' key that identities are sealed to; without it enrolments carry none. */
  readonly auditKey?: AuditKey | undefined;
  readonly node: Pick<NodeClient, "enrolment">;
  readonly intake: Pick<Intake, "accept">;
  readonly accounts: Pick<Accounts, "account">;
  readonly devices: Devices;
  readonly credentials: Credentials;
  readonly certificates: Certificates;
  readonly random: Random;
  readonly clock: () => number;
};

export class Onboarding {
  readonly #parts: OnboardingParts;
  readonly #serial = new Serial();

  constructor(parts: OnboardingParts) {
    this.#parts = parts;
  }

  /**
   * @throws Refusal `unauthorised`, `expired`, `forbidden` for the credential; `bad-signature` for the consent;
   *   `already-enrolled` with another member; `revoked`.
   */
  async enrol(deviceKey: Uint8Array, ask: EnrolAsk): Promise<EnrolAnswer> {
    const owner = ownerOf(deviceKey);
    const enrolledWith = await this.#enrolledWith(owner);
    const device = await this.#serial.run(async () => {
      if ((await this.#parts.devices.get(owner)) === undefined) {
        await this.#register(owner, deviceKey, ask);
      }
      return this.#parts.devices.active(owner);
    });
    if (enrolledWith !== undefined) {
      const certificate = await this.#parts.certificates.issue(device);
      return { kind: "enrol", enrolment: decodeEnrolment(fromHex(device.enrolment)), certificate };
    }
    return { kind: "enrol", enrolment: await this.#submit(owner, device) };
  }

  /** A device that the ledger has with this member. @throws Refusal `unauthorised`, `revoked`, `sync-needed`. */
  async enrolled(owner: Owner): Promise<Device> {
    const device = await this.#parts.devices.active(owner);
    if ((await this.#enrolledWith(owner)) === undefined) {
      throw new Refusal("sync-needed", "the device's enrolment has not applied yet: enrol again");
    }
    return device;
  }

  /** Undefined if the key is not enrolled. @throws Refusal `already-enrolled` if it is with another member. */
  async #enrolledWith(owner: Owner): Promise<MemberId | undefined> {
    const { member } = await this.#parts.node.enrolment(owner);
    if (member === null) return undefined;
    if (member !== this.#parts.member) {
      throw new Refusal("already-enrolled", `${owner} is enrolled with member ${member}`);
    }
    return member;
  }

  async #register(owner: Owner, deviceKey: Uint8Array, ask: EnrolAsk): Promise<void> {
    const { networkId, member, verifier, credentials, devices, random, clock } = this.#parts;
    if (!verifier.verify(deviceKey, consentMessage(networkId, member), ask.consent)) {
      throw new Refusal("bad-signature", "the device key does not consent to this member");
    }
    const { holder, change } = await credentials.use(ask.credential, owner);
    if (ask.class !== holder.class || ask.label !== holder.label) {
      throw new Refusal("forbidden", `the credential is for ${describe(holder)}`);
    }
    const { isClosed } = await this.#parts.accounts.account(holder.account);
    if (isClosed) throw new Refusal("forbidden", `account ${holder.account} is closed`);
    const enrolment = await this.#sign(deviceKey, ask.consent, holder.customer);
    await devices.add(
      {
        key: toHex(deviceKey),
        ...holder,
        salt: toHex(random(16)),
        enrolment: toHex(enrolment.bytes),
        registered: clock(),
      },
      [change],
    );
  }

  async #sign(
    deviceKey: Uint8Array,
    consent: Uint8Array,
    customer: string,
  ): Promise<SignedEnrolment> {
    const { networkId, member, issuer, auditKey, random } = this.#parts;
    const envelope =
      auditKey === undefined
        ? new Uint8Array()
        : await sealEnvelope(networkId, deviceKey, auditKey, utf8.encode(customer), random);
    return signEnrolment(networkId, { deviceKey, member, consent, envelope }, issuer);
  }

  /** Hands the enrolment in, signed anew if the issuer key has changed since. */
  async #submit(owner: Owner, device: Device): Promise<SignedEnrolment> {
    const { networkId, issuer, verifier, intake, devices } = this.#parts;
    let enrolment = decodeEnrolment(fromHex(device.enrolment));
    if (!isIssuedBy(networkId, enrolment, issuer.publicKey, verifier)) {
      enrolment = await this.#sign(enrolment.deviceKey, enrolment.consent, device.customer);
      await devices.enrolAnew(owner, enrolment.bytes);
    }
    await intake.accept([enrolment.bytes]);
    return enrolment;
  }
}

function describe({ class: deviceClass, label }: Holder): string {
  const name = label === "" ? "without a label" : `labelled "${label}"`;
  return `a device of class ${deviceClass} ${name}`;
}
