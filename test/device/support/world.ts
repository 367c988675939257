/**
 * A consortium for tests of devices: a real ledger in memory, banks that certify and vouch for what is on
 * it, and the authority's trust list. Keys and randomness come from names, so a run can be repeated.
 */
import { sha256 } from "#sha256";
import { type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import type { CarriedList } from "../../../protocol/carried-lists.ts";
import {
  type Certificate,
  type DeviceClass,
  type SignedCertificate,
  signCertificate,
} from "../../../protocol/certificate.ts";
import {
  type EmergencyProfile,
  type PlaceCode,
  signEmergencyProfile,
} from "../../../protocol/emergency-profile.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import {
  prefixOf,
  type RevocationList,
  signRevocationList,
  signTrustList,
  type TrustedMember,
  type TrustList,
} from "../../../protocol/lists.ts";
import type { MemberId, Outpoint, Output } from "../../../protocol/output.ts";
import { type NodeSigner, NodeVerifier } from "../../../protocol/p256-node.ts";
import type { Random } from "../../../protocol/random.ts";
import { type Receipt, type SignedReceipt, signReceipt } from "../../../protocol/receipt.ts";
import type { Signer, Verifier } from "../../../protocol/signature.ts";
import { memberStatus } from "../../../protocol/rules.ts";
import { MemoryPurseStore, type PurseStore } from "../../../device/purse-store.ts";
import { Purse } from "../../../device/purse.ts";
import { keyOf, networkId, pay } from "../../support/ledger-parts.ts";
import { TestLedger } from "../../support/ledger.ts";

export { networkId };

export const DAY_MS = 24 * 60 * 60 * 1000;
export const RECEIPT_LIFE_MS = 7 * DAY_MS;

export type DeviceOptions = {
  readonly member?: MemberId;
  readonly certificate?: Partial<Certificate>;
  /** What it is loaded with, a coin each. */
  readonly coins?: readonly bigint[];
  readonly store?: PurseStore;
};

/** A purse and what it was opened with. */
export type Device = {
  readonly name: string;
  readonly member: MemberId;
  readonly class: DeviceClass;
  readonly signer: NodeSigner;
  readonly owner: Owner;
  readonly store: PurseStore;
  purse: Purse;
};

export class World {
  readonly ledger: TestLedger;
  readonly members: readonly MemberId[];
  readonly authority = keyOf("the authority");
  /** Milliseconds: the clock of banks and devices. */
  now: number;
  /** The host clock that devices see; the banks' own where it is not set. */
  deviceClock: (() => number) | undefined;
  /** Where devices are, by name. */
  readonly places = new Map<string, PlaceCode>();
  /** Which coins were taken elsewhere, as devices hear, by name. */
  readonly rivals = new Map<string, (outpoint: Outpoint) => Hex | undefined>();
  /** What signs inside a purse. */
  signerOf: (name: string) => Signer = keyOf;
  /** What a purse that is opened checks signatures and certificates with. */
  verifier: Verifier = new NodeVerifier();
  #versions = 0;

  constructor(...members: readonly MemberId[]) {
    this.members = members.length === 0 ? [1, 2] : members;
    this.ledger = new TestLedger(...this.members);
    this.now = this.ledger.timeS * 1000;
  }

  /** Lets time pass for everyone. */
  pass(ms: number): void {
    this.now += ms;
    this.ledger.timeS = Math.floor(this.now / 1000);
  }

  /** A device that is enrolled, certified, up to date, and loaded. */
  async device(name: string, options: DeviceOptions = {}): Promise<Device> {
    const { member = 1, coins = [] } = options;
    const signer = await this.ledger.enrol(name, member);
    const store = options.store ?? new MemoryPurseStore();
    const deviceClass = options.certificate?.class ?? "software";
    const purse = await this.open(name, member, store, deviceClass);
    const owner = ownerOf(signer.publicKey);
    const device: Device = { name, member, class: deviceClass, signer, owner, store, purse };
    const certificate = await this.certificate(name, options);
    await purse.refresh({ lists: await this.lists(), certificate });
    if (coins.length > 0) await purse.refresh({ receipts: await this.load(device, coins) });
    return device;
  }

  open(
    name: string,
    member: MemberId,
    store: PurseStore,
    deviceClass: DeviceClass = "software",
  ): Promise<Purse> {
    return Purse.open({
      networkId: toHex(networkId),
      member,
      class: deviceClass,
      signer: this.signerOf(name),
      verifier: this.verifier,
      store,
      random: randomOf(name),
      clock: () => this.deviceClock?.() ?? this.now,
      place: () => this.places.get(name) ?? "",
      rival: (outpoint) => this.rivals.get(name)?.(outpoint),
      trustKey: this.authority.publicKey,
      receiptLifeMs: RECEIPT_LIFE_MS,
    });
  }

  /** Opens the device's store again, as after a crash. */
  async reopen(device: Device): Promise<void> {
    device.purse = await this.open(device.name, device.member, device.store, device.class);
  }

  certificate(name: string, options: DeviceOptions = {}): Promise<SignedCertificate> {
    const { member = 1, certificate = {} } = options;
    const fields: Certificate = {
      deviceKey: keyOf(name).publicKey,
      member,
      class: "software",
      serial: sha256(utf8.encode(name)).subarray(0, 16),
      notBefore: this.now,
      notAfter: this.now + RECEIPT_LIFE_MS,
      maxPayment: 0n,
      maxBalance: 1_000_000n,
      maxCount: 0,
      windowS: 0,
      maxDepth: 8,
      subject: sha256(utf8.encode(`customer ${name}`)),
      label: "",
      ...certificate,
    };
    return signCertificate(networkId, fields, this.ledger.bank(member).issuer);
  }

  /** Makes coins on the ledger for a device. @returns their receipts. */
  async load(device: Device, coins: readonly bigint[]): Promise<SignedReceipt[]> {
    const receipts: SignedReceipt[] = [];
    for (const amount of coins) {
      const output = pay(device.signer, device.member, amount);
      const coin = await this.ledger.coin(output);
      receipts.push(await this.receipt(coin.outpoint, coin.output));
    }
    return receipts;
  }

  receipt(
    outpoint: Outpoint,
    output: Output,
    changed: Partial<Receipt> = {},
    issuer = this.ledger.bank(output.custodian).issuer,
  ): Promise<SignedReceipt> {
    const { seq } = this.ledger.state;
    const issued = this.now;
    const notAfter = issued + RECEIPT_LIFE_MS;
    const receipt = { outpoint, output, seq, issued, notAfter, ...changed };
    return signReceipt(networkId, receipt, issuer);
  }

  /** Receipts for all that the ledger has for an owner. */
  receiptsOf(owner: Owner): Promise<SignedReceipt[]> {
    const coins = [...this.ledger.state.coinsOf(owner)];
    return Promise.all(coins.map(([outpoint, output]) => this.receipt(outpoint, output)));
  }

  /** The trust list of now, under a higher version each time. */
  async trustList(
    changed: Partial<TrustList> = {},
    members: readonly Partial<TrustedMember>[] = [],
    key = this.authority,
  ): Promise<CarriedList> {
    const rows = this.members.map((member) => ({
      member,
      status: memberStatus.active,
      issuer: this.ledger.bank(member).issuer.publicKey,
      guarantee: 1_000_000n,
      name: `Bank ${member}`,
      ...members.find((each) => each.member === member),
    }));
    const list: TrustList = {
      version: ++this.#versions,
      issued: this.now,
      notAfter: this.now + 30 * DAY_MS,
      nextTrustKey: this.authority.publicKey,
      members: rows,
      ...changed,
    };
    return { kind: "trust", bytes: (await signTrustList(networkId, list, key)).bytes };
  }

  async revocations(
    member: MemberId,
    owners: readonly Owner[] = [],
    changed: Partial<RevocationList> = {},
    issuer = this.ledger.bank(member).issuer,
  ): Promise<CarriedList> {
    const prefixes: Hex[] = owners.map(prefixOf).sort();
    const version = ++this.#versions;
    const list = { member, version, issued: this.now, prefixes, ...changed };
    return {
      kind: "revocations",
      bytes: (await signRevocationList(networkId, list, issuer)).bytes,
    };
  }

  /** In force everywhere, from now on for a day, and changing nothing but what is said. */
  async emergency(
    factors: Partial<EmergencyProfile["factors"]>,
    changed: Partial<EmergencyProfile> = {},
    key = this.authority,
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
    return {
      kind: "emergency",
      bytes: (await signEmergencyProfile(networkId, profile, key)).bytes,
    };
  }

  async lists(): Promise<CarriedList[]> {
    const revocations = this.members.map((member) => this.revocations(member));
    return [await this.trustList(), ...(await Promise.all(revocations))];
  }

  /** What a device holds by the ledger's account. */
  onLedger(device: Device): bigint {
    let sum = 0n;
    for (const [, output] of this.ledger.state.coinsOf(device.owner)) sum += output.amount;
    return sum;
  }
}

/** The three messages, when nothing goes wrong. @returns the record's id. */
export async function exchange(
  payer: Device,
  payee: Device,
  amount: bigint,
  reference?: string,
): Promise<Hex> {
  const request = await payee.purse.request(amount, reference);
  const received = await payee.purse.receive(await payer.purse.pay(request));
  if (received.refusal !== undefined) throw received.refusal;
  await payer.purse.confirm(received.confirmation.bytes);
  return received.confirmation.id;
}

/** All that a purse could pay, now or after a sync. */
export function total(purse: Purse): bigint {
  const { spendable, frozen, waiting } = purse.balance();
  return spendable + frozen + waiting;
}

/** Bytes that follow from a name, never the same twice. */
export function randomOf(name: string): Random {
  let count = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = sha256(utf8.encode(`${name} ${count++}`));
      bytes.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return bytes;
  };
}
