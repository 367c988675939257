/** The bank that certifies devices and vouches for coins, and the authority that vouches for it: all that a device needs. */
import { randomBytes } from "node:crypto";
import { Purse } from "../../device/purse.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { toHex } from "../../protocol/bytes.ts";
import { type SignedCertificate, signCertificate } from "../../protocol/certificate.ts";
import type { Owner } from "../../protocol/key.ts";
import { signTrustList } from "../../protocol/lists.ts";
import { lock, type Outpoint, outpointOf } from "../../protocol/output.ts";
import type { Amount } from "../../protocol/money.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { signReceipt, type SignedReceipt } from "../../protocol/receipt.ts";
import { memberStatus } from "../../protocol/rules.ts";

export const NETWORK_ID = new Uint8Array(32).fill(7);
export const MEMBER = 1;
export const LIFE_MS = 7 * 86_400_000;
const MAX_DEPTH = 8;
const MAX_BALANCE = 1_000_000n;

export class DeviceBank {
  readonly #authority = NodeSigner.generate();
  readonly #issuer = NodeSigner.generate();
  readonly #now = Date.now();

  /** Signs the trust list. */
  get trustKey(): Uint8Array {
    return this.#authority.publicKey;
  }

  async device(): Promise<Purse> {
    const signer = NodeSigner.generate();
    const purse = await Purse.open({
      networkId: toHex(NETWORK_ID),
      member: MEMBER,
      class: "software",
      signer,
      verifier: new NodeVerifier(),
      store: new MemoryPurseStore(),
      random: (length) => new Uint8Array(randomBytes(length)),
      clock: Date.now,
      trustKey: this.trustKey,
      receiptLifeMs: LIFE_MS,
    });
    await purse.refresh({
      lists: [{ kind: "trust", bytes: await this.trustList() }],
      certificate: await this.certify(signer.publicKey),
    });
    return purse;
  }

  /** A coin that has just been loaded. */
  coin(purse: Purse, amount: Amount): Promise<SignedReceipt> {
    return this.coinOf(purse.identity().owner, amount);
  }

  /** The same for a device of which only the owner is known here. */
  coinOf(owner: Owner, amount: Amount): Promise<SignedReceipt> {
    return this.#receipt(owner, outpointOf(new Uint8Array(randomBytes(32)), 0), amount);
  }

  /** What a sync brings: receipts for all the coins that are not spent. */
  receipts(purse: Purse): Promise<SignedReceipt[]> {
    const free = purse.coins().filter(({ state }) => state === "free");
    const { owner } = purse.identity();
    return Promise.all(free.map(({ outpoint, amount }) => this.#receipt(owner, outpoint, amount)));
  }

  #receipt(owner: Owner, outpoint: Outpoint, amount: Amount): Promise<SignedReceipt> {
    const output = { lock: lock.key, owner, custodian: MEMBER, amount };
    const fields = { outpoint, output, seq: 1, issued: this.#now, notAfter: this.#now + LIFE_MS };
    return signReceipt(NETWORK_ID, fields, this.#issuer);
  }

  async trustList(): Promise<Uint8Array> {
    const member = {
      member: MEMBER,
      status: memberStatus.active,
      issuer: this.#issuer.publicKey,
      guarantee: MAX_BALANCE,
      name: "Bank",
    };
    const list = {
      version: 1,
      issued: this.#now,
      notAfter: this.#now + LIFE_MS,
      nextTrustKey: this.#authority.publicKey,
      members: [member],
    };
    return (await signTrustList(NETWORK_ID, list, this.#authority)).bytes;
  }

  /** Lets a device do offline what any may. */
  certify(deviceKey: Uint8Array): Promise<SignedCertificate> {
    const fields = {
      deviceKey,
      member: MEMBER,
      class: "software",
      serial: new Uint8Array(randomBytes(16)),
      notBefore: this.#now,
      notAfter: this.#now + LIFE_MS,
      maxPayment: 0n,
      maxBalance: MAX_BALANCE,
      maxCount: 0,
      windowS: 0,
      maxDepth: MAX_DEPTH,
      subject: new Uint8Array(randomBytes(32)),
      label: "",
    } as const;
    return signCertificate(NETWORK_ID, fields, this.#issuer);
  }
}
