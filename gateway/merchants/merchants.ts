/**
 * The merchants whom the bank serves: each known by the certificates that the bank has registered for it, each
 * with an account that it is paid to. An intermediary is a merchant that also takes orders for others: its
 * customers see the other's name, and the money is settled to the intermediary.
 */
import { X509Certificate } from "node:crypto";
import { sha256 } from "#sha256";
import { type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { AccountId } from "../accounts.ts";
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store.ts";
import { checkTold } from "../web-address.ts";

/** The bank's name for a merchant: as an account's. */
export type MerchantId = string;

export type NewMerchant = {
  readonly merchant: MerchantId;
  /** Where it is paid. */
  readonly account: AccountId;
  /** What customers' screens show. */
  readonly label: string;
  /** Where results are told, over HTTPS; absent if the merchant asks for them. */
  readonly resultsUrl?: string;
  /** Whether it may hold orders for other merchants. */
  readonly isIntermediary: boolean;
};

export type Merchant = NewMerchant & {
  /** SHA-256 of each certificate that it may show. */
  readonly certificates: Hex[];
  readonly registered: number;
};

/** Enough for a rotation on several machines. */
const CERTIFICATES_MAX = 8;

export class Merchants {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #plainLoopback: boolean;
  readonly #serial = new Serial();

  /** @param plainLoopback whether results may be told over plain http to this machine. */
  constructor(store: Store, clock: () => number, plainLoopback: boolean) {
    this.#store = store;
    this.#clock = clock;
    this.#plainLoopback = plainLoopback;
  }

  /** Registers a merchant, or changes what is known of it. @throws Refusal `malformed` for its address. */
  async register(fields: NewMerchant): Promise<Merchant> {
    if (fields.resultsUrl !== undefined) checkTold(fields.resultsUrl, this.#plainLoopback);
    return this.#serial.run(async () => {
      const known = await this.#find(fields.merchant);
      const since = {
        certificates: known?.certificates ?? [],
        registered: known?.registered ?? this.#clock(),
      };
      const merchant: Merchant = { ...fields, ...since };
      await this.#store.write([
        { key: keys.merchant(fields.merchant), value: encodeRow(merchant) },
      ]);
      return merchant;
    });
  }

  /**
   * Lets a merchant in that shows this certificate.
   * @param pem of it. @throws Refusal `not-found`, `malformed`; `conflict` if it is another's or one too many.
   */
  async addCertificate(id: MerchantId, pem: string): Promise<Merchant> {
    const fingerprint = fingerprintOf(pem);
    return this.#serial.run(async () => {
      const merchant = await this.get(id);
      const owner = await this.#ownerOf(fingerprint);
      if (owner === id) return merchant;
      if (owner !== undefined)
        throw new Refusal("conflict", "the certificate is another merchant's");
      if (merchant.certificates.length >= CERTIFICATES_MAX) {
        throw new Refusal("conflict", `a merchant has at most ${CERTIFICATES_MAX} certificates`);
      }
      const more = { ...merchant, certificates: [...merchant.certificates, fingerprint] };
      await this.#store.write([
        { key: keys.merchant(id), value: encodeRow(more) },
        { key: keys.certificate(fingerprint), value: utf8.encode(id), old: null },
      ]);
      return more;
    });
  }

  /** Shuts out whoever shows this certificate. @throws Refusal `not-found`. */
  async removeCertificate(id: MerchantId, fingerprint: Hex): Promise<Merchant> {
    return this.#serial.run(async () => {
      const merchant = await this.get(id);
      if (!merchant.certificates.includes(fingerprint)) return merchant;
      const certificates = merchant.certificates.filter((each) => each !== fingerprint);
      const fewer = { ...merchant, certificates };
      await this.#store.write([
        { key: keys.merchant(id), value: encodeRow(fewer) },
        { key: keys.certificate(fingerprint), value: null },
      ]);
      return fewer;
    });
  }

  /** @throws Refusal `not-found`. */
  async get(id: MerchantId): Promise<Merchant> {
    const merchant = await this.#find(id);
    if (merchant === undefined) throw new Refusal("not-found", `there is no merchant ${id}`);
    return merchant;
  }

  async all(): Promise<Merchant[]> {
    return Array.fromAsync(this.#store.entries(ranges.merchants), ([, value]) =>
      decodeRow<Merchant>(value),
    );
  }

  /** Who calls. @param certificate SHA-256 of what was shown. @throws Refusal `unauthorised`. */
  async identify(certificate: Hex | undefined): Promise<Merchant> {
    const id = certificate === undefined ? undefined : await this.#ownerOf(certificate);
    if (id !== undefined) return this.get(id);
    throw new Refusal("unauthorised", "the bank has registered this certificate for no merchant");
  }

  async #find(id: MerchantId): Promise<Merchant | undefined> {
    const value = await this.#store.get(keys.merchant(id));
    return value === undefined ? undefined : decodeRow<Merchant>(value);
  }

  async #ownerOf(fingerprint: Hex): Promise<MerchantId | undefined> {
    const value = await this.#store.get(keys.certificate(fingerprint));
    return value === undefined ? undefined : utf8.decode(value, "merchant");
  }
}

/** SHA-256 of a certificate's DER. @throws Refusal `malformed`. */
export function fingerprintOf(pem: string): Hex {
  try {
    return toHex(sha256(new X509Certificate(pem).raw));
  } catch {
    throw new Refusal("malformed", "this is no certificate in PEM");
  }
}

/** As the outbox knows a merchant. */
export function receiverOf(merchant: MerchantId): string {
  return `merchant:${merchant}`;
}
