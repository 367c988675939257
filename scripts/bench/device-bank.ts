/** The bank that certifies devices and vouches for coins, and the authority that vouches for it: all that a device needs. */
import { randomBytes } from "node:crypto";
import { Purse } from "../../device/purse.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { toHex } from "../../protocol/bytes.ts";
import { signCertificate } from "../../protocol/certificate.ts";
import { signTrustList } from "../../protocol/lists.ts";
import { lock, type Outpoint, outpointOf } from "../../protocol/output.ts";
import type { Amount } from "../../protocol/money.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { signReceipt, type SignedReceipt } from "../../protocol/receipt.ts";
import { memberStatus } from "../../protocol/rules.ts";

const NETWORK_ID = new Uint8Array(32).fill(7);
const MEMBER = 1;
const LIFE_MS = 7 * 86_400_000;
const MAX_DEPTH = 8;
const MAX_BALANCE = 1_000_000n;

export class DeviceBank {
  readonly #authority = NodeSigner.generate();
  readonly #issuer = NodeSigner.generate();
  readonly #now = Date.now();

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
      trustKey: this.#authority.publicKey,
      receiptLifeMs: LIFE_MS,
    });
    await purse.refresh({
      lists: [{ kind: "trust", bytes: await this.#trustList() }],
      certificate: await this.#certify(signer),
    });
    return purse;
  }

  /** A coin that has just been loaded. */
  coin(purse: Purse, amount: Amount): Promise<SignedReceipt> {
    return this.#receipt(purse, outpointOf(new Uint8Array(randomBytes(32)), 0), amount);
  }

  /** What a sync brings: receipts for all the coins that are not spent. */
  receipts(purse: Purse): Promise<SignedReceipt[]> {
    const free = purse.coins().filter(({ state }) => state === "free");
    return Promise.all(free.map(({ outpoint, amount }) => this.#receipt(purse, outpoint, amount)));
  }

  #receipt(purse: Purse, outpoint: Outpoint, amount: Amount): Promise<SignedReceipt> {
    const { owner } = purse.identity();
    const output = { lock: lock.key, owner, custodian: MEMBER, amount };
    const fields = { outpoint, output, seq: 1, issued: this.#now, notAfter: this.#now + LIFE_MS };
    return signReceipt(NETWORK_ID, fields, this.#issuer);
  }

  async #trustList(): Promise<Uint8Array> {
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

  async #certify(signer: NodeSigner) {
    const fields = {
      deviceKey: signer.publicKey,
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
    return await signCertificate(NETWORK_ID, fields, this.#issuer);
  }
}
