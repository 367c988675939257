/**
 * The world that the kit plays around a device: an authority, two banks that certify and vouch for coins,
 * and time. There is no ledger behind it: what a bank signs here is as good as true, and what it would never
 * sign can be asked of it too. Its time lies ahead of every host's clock, so that a device goes by signed
 * time alone and a run does not depend on the day.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { CarriedList } from "../../protocol/carried-lists.ts";
import {
  type Certificate,
  type SignedCertificate,
  signCertificate,
} from "../../protocol/certificate.ts";
import {
  type EmergencyProfile,
  type LimitFactors,
  signEmergencyProfile,
} from "../../protocol/emergency-profile.ts";
import type { Owner } from "../../protocol/key.ts";
import {
  prefixOf,
  type RevocationList,
  signRevocationList,
  signTrustList,
  type TrustedMember,
  type TrustList,
} from "../../protocol/lists.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type MemberId, outpointOf, type Output } from "../../protocol/output.ts";
import type { Random } from "../../protocol/random.ts";
import { type Receipt, type SignedReceipt, signReceipt } from "../../protocol/receipt.ts";
import { memberStatus } from "../../protocol/rules.ts";
import {
  sealSecret,
  type SecondFactorTerms,
  type SignedSecondFactorGrant,
  signSecondFactorGrant,
} from "../../protocol/second-factor-grant.ts";
import type { Signer } from "../../protocol/signature.ts";
import { type SignedStatement, signStatement } from "../../protocol/statement.ts";
import { type NamedKey, Seed } from "./seed.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;
/** As on every network unless its authority decides otherwise. */
export const RECEIPT_LIFE_MS = 7 * DAY_MS;
/** The first of January 2100: when every run begins. */
const BEGINNING_MS = Date.UTC(2100, 0, 1);

/** The members of the network, and what is guaranteed for one device of each. */
export const MEMBERS: readonly MemberId[] = [1, 2];
export const GUARANTEE: Amount = 1_000_000n;

export class Consortium {
  readonly seed: Seed;
  readonly networkId: Uint8Array;
  readonly authority: NamedKey;
  /** What the kit draws in this world, never the same twice. */
  readonly random: Random;
  /** Milliseconds: the clock of the authority and the banks. */
  now = BEGINNING_MS;
  #versions = 0;
  #coins = 0;

  constructor(seed: Seed) {
    this.seed = seed;
    this.networkId = seed.bytes("network", 32);
    this.authority = seed.key("authority");
    this.random = seed.random("draw");
  }

  /** Lets time pass for the authority and the banks. */
  pass(ms: number): void {
    this.now += ms;
  }

  issuer(member: MemberId): NamedKey {
    return this.seed.key(`issuer ${member}`);
  }

  /** A certificate by the device's bank, without limits unless they are named. */
  certify(
    deviceKey: Uint8Array,
    member: MemberId,
    changed: Partial<Certificate> = {},
    issuer: Signer = this.issuer(member),
  ): Promise<SignedCertificate> {
    const fields: Certificate = {
      deviceKey,
      member,
      class: "software",
      serial: this.seed.bytes("serial", 16),
      notBefore: this.now,
      notAfter: this.now + RECEIPT_LIFE_MS,
      maxPayment: 0n,
      maxBalance: GUARANTEE,
      maxCount: 0,
      windowS: 0,
      maxDepth: 8,
      subject: this.seed.bytes("subject", 32),
      label: "",
      ...changed,
    };
    return signCertificate(this.networkId, fields, issuer);
  }

  /** A new coin, vouched for by its custodian. */
  coin(owner: Owner, custodian: MemberId, amount: Amount): Promise<SignedReceipt> {
    const made = this.seed.bytes(`record ${++this.#coins}`, 32);
    return this.vouch({
      outpoint: outpointOf(made, 0),
      output: { lock: lock.key, owner, custodian, amount },
    });
  }

  /** A receipt as of now for any coin, true or not. */
  vouch(
    coin: Pick<Receipt, "outpoint"> & { readonly output: Output },
    changed: Partial<Receipt> = {},
    issuer: Signer = this.issuer(coin.output.custodian),
  ): Promise<SignedReceipt> {
    const { outpoint, output } = coin;
    const times = { seq: this.#coins, issued: this.now, notAfter: this.now + RECEIPT_LIFE_MS };
    return signReceipt(this.networkId, { outpoint, output, ...times, ...changed }, issuer);
  }

  /** The next trust list. */
  async trustList(
    changed: Partial<TrustList> = {},
    rows: readonly (Partial<TrustedMember> & { readonly member: MemberId })[] = [],
    authority: Signer = this.authority,
  ): Promise<CarriedList> {
    const members = MEMBERS.map((member) => ({
      member,
      status: memberStatus.active,
      issuer: this.issuer(member).publicKey,
      guarantee: GUARANTEE,
      name: `Bank ${member}`,
      ...rows.find((row) => row.member === member),
    }));
    const list: TrustList = {
      version: ++this.#versions,
      issued: this.now,
      notAfter: this.now + 30 * DAY_MS,
      nextTrustKey: this.authority.publicKey,
      members,
      ...changed,
    };
    const { bytes } = await signTrustList(this.networkId, list, authority);
    return { kind: "trust", bytes };
  }

  /** A member's next revocation list. */
  async revocations(
    member: MemberId,
    owners: readonly Owner[] = [],
    changed: Partial<RevocationList> = {},
    issuer: Signer = this.issuer(member),
  ): Promise<CarriedList> {
    const prefixes = owners.map(prefixOf).sort();
    const list = { member, version: ++this.#versions, issued: this.now, prefixes, ...changed };
    const { bytes } = await signRevocationList(this.networkId, list, issuer);
    return { kind: "revocations", bytes };
  }

  /** The next emergency profile: for a day from now on, everywhere, unless it is said otherwise. */
  async emergency(
    factors: Partial<LimitFactors>,
    changed: Partial<EmergencyProfile> = {},
    authority: Signer = this.authority,
  ): Promise<CarriedList> {
    const profile: EmergencyProfile = {
      version: ++this.#versions,
      issued: this.now,
      notBefore: this.now,
      notAfter: this.now + DAY_MS,
      factors: { payment: 100, count: 100, balance: 100, depth: 100, ...factors },
      places: [],
      ...changed,
    };
    const { bytes } = await signEmergencyProfile(this.networkId, profile, authority);
    return { kind: "emergency", bytes };
  }

  /** A member's word on a device's second factor, sealed to the key of a question unless `from` is 0. */
  async secondFactor(
    terms: SecondFactorTerms,
    secret: Uint8Array,
    key: Uint8Array,
    issuer: Signer,
  ): Promise<SignedSecondFactorGrant> {
    const { networkId, random } = this;
    const isOff = terms.from === 0n;
    const sealed = isOff ? undefined : await sealSecret(networkId, terms, secret, key, random);
    return signSecondFactorGrant(networkId, { ...terms, sealed }, issuer);
  }

  /** Everything a device learns at a gateway. */
  async lists(): Promise<CarriedList[]> {
    const revocations = MEMBERS.map((member) => this.revocations(member));
    return [await this.trustList(), ...(await Promise.all(revocations))];
  }

  /** A member's word that a record has applied. */
  applied(
    id: Hex,
    member: MemberId,
    issuer: Signer = this.issuer(member),
  ): Promise<SignedStatement> {
    const fields = { id, seq: this.#coins + 1, issued: this.now, member };
    return signStatement(this.networkId, fields, issuer);
  }
}
