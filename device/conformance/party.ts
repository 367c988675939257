/**
 * Another device, as the kit plays it: pays, asks to be paid, and answers. It is built from the formats
 * alone and has no rules of its own: it is honest unless a case has it do what no honest device does.
 */
import { type Bundle, encodeBundle, makeBundle } from "../../protocol/bundle.ts";
import { concat, type Hex, toHex, Writer } from "../../protocol/bytes.ts";
import { type CarriedList, writeLists } from "../../protocol/carried-lists.ts";
import type { Certificate, SignedCertificate } from "../../protocol/certificate.ts";
import { type Confirmation, signConfirmation } from "../../protocol/confirmation.ts";
import { makeSealingKey, seal, type SealingKey } from "../../protocol/hpke.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { type ListVersion, writeListVersions } from "../../protocol/list-version.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import { openPayment, type Payment } from "../../protocol/payment.ts";
import type { SignedReceipt } from "../../protocol/receipt.ts";
import {
  auditOf,
  outpointsOf,
  type RecordBody,
  recordId,
  type SignedRecord,
  signRecord,
} from "../../protocol/record.ts";
import {
  decodeRequest,
  type Request,
  requestDigest,
  requestNonce,
  type SignedRequest,
  signRequest,
} from "../../protocol/request.ts";
import type { Signer } from "../../protocol/signature.ts";
import { FORMAT_VERSION } from "../../protocol/version.ts";
import type { Consortium } from "./consortium.ts";
import type { NamedKey } from "./seed.ts";

/** What leads from receipts to a coin: empty but for the receipt, where the coin has one. */
export type Ancestry = {
  readonly records: readonly SignedRecord[];
  readonly certificates: readonly SignedCertificate[];
  readonly receipts: readonly SignedReceipt[];
};

export type Coin = {
  readonly outpoint: Outpoint;
  readonly output: Output;
  readonly ancestry: Ancestry;
};

/** A request, and the key that opens its answer. */
export type Ask = { readonly request: SignedRequest; readonly ephemeral: SealingKey };

/** A record, its id and the coins that it makes. */
export type Spent = {
  readonly record: SignedRecord;
  readonly id: Hex;
  readonly coins: readonly Coin[];
};

/** A message 2. */
export type Paid = Spent & {
  readonly message: Uint8Array;
  readonly request: SignedRequest;
  readonly bundle: Bundle;
  /** What is sealed in it. */
  readonly plaintext: Uint8Array;
};

export type PaymentChanges = {
  /** To the payee what it asks for and the rest back, unless it is given. */
  readonly outputs?: readonly Output[];
  readonly body?: Partial<RecordBody>;
  readonly signer?: Signer;
  readonly lists?: readonly CarriedList[];
  readonly versions?: readonly ListVersion[];
  /** The payer's own certificate otherwise. */
  readonly certificate?: SignedCertificate;
};

export class Party {
  readonly consortium: Consortium;
  readonly key: NamedKey;
  readonly member: MemberId;
  readonly certificate: SignedCertificate;
  #counter = 0;

  private constructor(
    consortium: Consortium,
    name: string,
    member: MemberId,
    certificate: SignedCertificate,
  ) {
    this.consortium = consortium;
    this.key = consortium.seed.key(name);
    this.member = member;
    this.certificate = certificate;
  }

  /** A device that its bank has certified. */
  static async make(
    consortium: Consortium,
    name: string,
    member: MemberId = 2,
    changed: Partial<Certificate> = {},
    issuer?: Signer,
  ): Promise<Party> {
    const { publicKey } = consortium.seed.key(name);
    const certificate = await consortium.certify(publicKey, member, changed, issuer);
    return new Party(consortium, name, member, certificate);
  }

  get owner(): Owner {
    return this.key.owner;
  }

  output(amount: Amount, custodian = this.member): Output {
    return { lock: lock.key, owner: this.owner, custodian, amount };
  }

  /** A coin with a receipt. */
  async coin(amount: Amount): Promise<Coin> {
    return coinOf(await this.consortium.coin(this.owner, this.member, amount));
  }

  /** Asks to be paid: message 1. */
  async ask(
    amount: Amount,
    changed: Partial<Request> = {},
    signer: Signer = this.key,
  ): Promise<Ask> {
    const ephemeral = makeSealingKey(this.consortium.random);
    const fields: Request = {
      certificate: this.certificate,
      amount,
      ephemeral: ephemeral.publicKey,
      versions: [],
      reference: "",
      ...changed,
    };
    return { request: await signRequest(this.consortium.networkId, fields, signer), ephemeral };
  }

  /** Opens message 2. @throws Refusal if it does not open or does not decode. */
  open({ request, ephemeral }: Ask, message: Uint8Array): Promise<Payment> {
    return openPayment(this.consortium.networkId, message, request, ephemeral);
  }

  /** Message 3. */
  async confirm(
    id: Hex,
    changed: Partial<Confirmation> = {},
    signer: Signer = this.key,
  ): Promise<Uint8Array> {
    const fields: Confirmation = { status: "accepted", id, lists: [], ...changed };
    return (await signConfirmation(this.consortium.networkId, fields, signer)).bytes;
  }

  /** Signs a record that spends coins. */
  async spend(
    coins: readonly Coin[],
    outputs: readonly Output[],
    changed: Partial<RecordBody> = {},
    { signer = this.key, certificate = this.certificate }: PaymentChanges = {},
  ): Promise<Spent> {
    const { networkId, now } = this.consortium;
    const body: RecordBody = {
      kind: "spend",
      inputs: coins.map(({ outpoint }) => outpoint).sort(),
      outputs,
      counter: ++this.#counter,
      time: now,
      nonce: this.consortium.random(16),
      audit: auditOf(new Uint8Array()),
      ...changed,
    };
    const record = await signRecord(networkId, body, signer);
    const ancestry = joined(coins, record, certificate);
    const outpoints = outpointsOf(networkId, record);
    return {
      record,
      id: recordId(networkId, record.body),
      coins: outputs.map((output, i) => ({ outpoint: outpoints[i]!, output, ancestry })),
    };
  }

  /** Pays another party of the kit, all of the coin, without a message between them. */
  async hand(coin: Coin, to: Party): Promise<Coin> {
    const { coins } = await this.spend([coin], [to.output(coin.output.amount)]);
    return coins[0]!;
  }

  /** Pays what a message 1 asks for: message 2. */
  async pay(
    message1: Uint8Array,
    coins: readonly Coin[],
    changes: PaymentChanges = {},
  ): Promise<Paid> {
    const { networkId } = this.consortium;
    const request = decodeRequest(message1);
    const outputs = changes.outputs ?? this.outputsFor(request, coins);
    const nonce = requestNonce(networkId, request);
    const spent = await this.spend(coins, outputs, { nonce, ...changes.body }, changes);
    const bundle = this.bundle(spent);
    const plaintext = this.plaintext(encodeBundle(bundle), changes.lists, changes.versions);
    const message = await this.sealBytes(request, plaintext);
    return { ...spent, message, request, bundle, plaintext };
  }

  /** The bundle that shows a payment. */
  bundle({ record, coins }: Spent): Bundle {
    const { networkId } = this.consortium;
    const { records, certificates, receipts } = coins[0]!.ancestry;
    return makeBundle(record, {
      record: (id) => records.find(({ body }) => recordId(networkId, body) === id),
      certificate: (key) => certificates.find(({ deviceKey }) => toHex(deviceKey) === key),
      receipt: (outpoint) => receipts.find((receipt) => receipt.outpoint === outpoint),
    });
  }

  /** Seals any bundle to a request. */
  seal(request: SignedRequest, bundle: Bundle): Promise<Uint8Array> {
    return this.sealBytes(request, this.plaintext(encodeBundle(bundle)));
  }

  /** What is sealed in a message 2. @param versions of lists that the payer says it holds. */
  plaintext(
    bundle: Uint8Array,
    lists: readonly CarriedList[] = [],
    versions: readonly ListVersion[] = [],
  ): Uint8Array {
    const writer = new Writer(1024).put(bundle);
    writeListVersions(writer, versions);
    writeLists(writer, lists);
    return writer.done();
  }

  /** Seals anything to a request. */
  async sealBytes(request: SignedRequest, plaintext: Uint8Array): Promise<Uint8Array> {
    const info = requestDigest(this.consortium.networkId, request);
    const version = Uint8Array.of(FORMAT_VERSION);
    const ephemeral = makeSealingKey(this.consortium.random);
    const { enc, ciphertext } = await seal(request.ephemeral, plaintext, info, version, ephemeral);
    return concat(version, enc, ciphertext);
  }

  /** What is asked to the payee, and the rest back. */
  outputsFor({ certificate, amount }: SignedRequest, coins: readonly Coin[]): Output[] {
    const payee = payTo(certificate, amount);
    const rest = coins.reduce((sum, { output }) => sum + output.amount, -amount);
    return rest > 0n ? [payee, this.output(rest)] : [payee];
  }
}

/** An output to the device of a certificate. */
export function payTo({ deviceKey, member }: Certificate, amount: Amount): Output {
  return { lock: lock.key, owner: ownerOf(deviceKey), custodian: member, amount };
}

export function coinOf(receipt: SignedReceipt): Coin {
  const ancestry = { records: [], certificates: [], receipts: [receipt] };
  return { outpoint: receipt.outpoint, output: receipt.output, ancestry };
}

/** What leads to the coins of a record: what led to those it spends, and itself. */
function joined(
  coins: readonly Coin[],
  record: SignedRecord,
  certificate: SignedCertificate,
): Ancestry {
  const before = coins.map(({ ancestry }) => ancestry);
  return {
    records: [...before.flatMap(({ records }) => records), record],
    certificates: [certificate, ...before.flatMap(({ certificates }) => certificates)],
    receipts: before.flatMap(({ receipts }) => receipts),
  };
}
