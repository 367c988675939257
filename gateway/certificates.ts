/**
 * The certificates that the member signs for its devices: under which limits each may pay offline. The
 * limits are the bank's policy for a class of devices; no device may hold more than the guarantee that
 * payees see in the trust list, and no certificate lives longer than a receipt.
 */
import { sha256 } from "#sha256";
import { concat, fromHex, utf8 } from "../protocol/bytes.ts";
import {
  type DeviceClass,
  type SignedCertificate,
  signCertificate,
} from "../protocol/certificate.ts";
import { type Amount, parseMinorUnits } from "../protocol/money.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer } from "../protocol/signature.ts";
import type { Device } from "./devices.ts";

/** What a class of devices may do offline. The words are the certificate's. */
export type DeviceLimits = {
  readonly maxPayment: Amount;
  readonly maxBalance: Amount;
  readonly maxCount: number;
  readonly windowS: number;
  readonly maxDepth: number;
};

type LimitsByClass = { readonly [C in DeviceClass]: DeviceLimits };

export type CertificatesParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly limits: LimitsByClass;
  /** What the member guarantees for one device, as the trust list says; undefined while none is known. */
  readonly guarantee: () => Amount | undefined;
  /** Milliseconds: the longest life the network allows. */
  readonly receiptLifeMs: () => number;
  readonly random: Random;
  readonly clock: () => number;
};

/** How far other devices' clocks may be behind ours: a certificate is shown around at once. */
const SKEW_MS = 10 * 60 * 1000;

export class Certificates {
  readonly #parts: CertificatesParts;

  constructor(parts: CertificatesParts) {
    this.#parts = parts;
  }

  /** The most that a device of the class may hold. @throws Refusal `unavailable`. */
  maxBalance(deviceClass: DeviceClass): Amount {
    const guarantee = this.#parts.guarantee();
    if (guarantee === undefined || guarantee === 0n) {
      throw new Refusal("unavailable", "the trust list names no guarantee of this member's");
    }
    const { maxBalance } = this.#parts.limits[deviceClass];
    return maxBalance < guarantee ? maxBalance : guarantee;
  }

  /** A fresh certificate for a device that is enrolled. @throws Refusal `unavailable`. */
  async issue(device: Device): Promise<SignedCertificate> {
    const { networkId, member, issuer, limits, receiptLifeMs, random, clock } = this.#parts;
    const maxBalance = this.maxBalance(device.class);
    const notBefore = clock() - SKEW_MS;
    return signCertificate(
      networkId,
      {
        ...limits[device.class],
        maxBalance,
        deviceKey: fromHex(device.key),
        member,
        class: device.class,
        serial: random(16),
        notBefore,
        notAfter: notBefore + receiptLifeMs(),
        subject: sha256(concat(fromHex(device.salt), utf8.encode(device.customer))),
        label: device.label,
      },
      issuer,
    );
  }
}

/** As the configuration writes them: amounts in text. */
type WrittenLimits = Omit<DeviceLimits, "maxPayment" | "maxBalance"> & {
  readonly maxPayment: string;
  readonly maxBalance: string;
};

export function limitsOf(written: { readonly [C in DeviceClass]: WrittenLimits }): LimitsByClass {
  const { element, software, host, chip, terminal, merchant } = written;
  return {
    element: amountsIn(element),
    software: amountsIn(software),
    host: amountsIn(host),
    chip: amountsIn(chip),
    terminal: amountsIn(terminal),
    merchant: amountsIn(merchant),
  };
}

function amountsIn(limits: WrittenLimits): DeviceLimits {
  const maxPayment = parseMinorUnits(limits.maxPayment);
  return { ...limits, maxPayment, maxBalance: parseMinorUnits(limits.maxBalance) };
}
