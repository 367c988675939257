/** What stands for the names of the simulation on the ledger: keys, owners, outpoints, leaves. */
import { sha256 } from "#sha256";
import { type Hex, utf8 } from "../../protocol/bytes.ts";
import { signEnrolment } from "../../protocol/enrolment.ts";
import { NOBODY, type Owner, ownerOf } from "../../protocol/key.ts";
import { leafHash, leafId } from "../../protocol/leaf.ts";
import { joinOutpoint, lock, type Outpoint, type Output } from "../../protocol/output.ts";
import { decodeRecord, encodeRecord, recordId } from "../../protocol/record.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { SequencedLeaf } from "../../node/ledger/fold.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import {
  type Enrolling,
  hashName,
  type Note,
  noteName,
  type Payment,
  type Target,
} from "./model.ts";

/** Signatures of records and devices are checked before the fold, so that any bytes will do here. */
const SIGNATURE = new Uint8Array(64).fill(1);
const NONCE = new Uint8Array(16);
const NO_AUDIT = new Uint8Array(32);
const EMPTY = new Uint8Array();

/** Enrolments by what they say: they are the same in every run. */
const enrolments = new Map<string, Promise<SequencedLeaf>>();

const locks = { owner: lock.key, secret: lock.claim, amends: lock.replacement, burn: lock.burn };

export class Names {
  readonly #outpoints = new Map<string, Outpoint>();
  readonly #owners = new Map<string, Owner>();
  readonly #ids = new Map<string, Hex>();
  readonly #notes = new Map<Outpoint, string>();
  readonly #holders = new Map<Owner, string>();
  readonly #payments = new Map<Hex, string>();
  #counter = 0;

  /** Where a note lies on the ledger; for a note that nobody made, a place where nothing is. */
  outpoint(note: string): Outpoint {
    return this.#outpoints.get(note) ?? joinOutpoint(`0x${hex(sha256(utf8.encode(note)))}`, 0);
  }

  setOutpoint(note: string, outpoint: Outpoint): void {
    this.#outpoints.set(note, outpoint);
    this.#notes.set(outpoint, note);
  }

  /** The note that lies, or lay, at an outpoint. */
  note(outpoint: Outpoint): string {
    return this.#notes.get(outpoint)!;
  }

  /** Notes in the order in which a record names them. */
  inOrder(notes: readonly string[]): string[] {
    return notes.toSorted((a, b) => (this.outpoint(a) < this.outpoint(b) ? -1 : 1));
  }

  /** The id of a payment that was written down. */
  id(payment: string): Hex {
    return this.#ids.get(payment)!;
  }

  /** The payment with this id. */
  payment(id: Hex): string {
    return this.#payments.get(id)!;
  }

  /** Whose key an owner stands for. */
  holder(owner: Owner): string {
    return this.#holders.get(owner)!;
  }

  owner(holder: string): Owner {
    const known = this.#owners.get(holder);
    if (known !== undefined) return known;
    const secret = holder.startsWith(hashName("")) ? holder.slice(hashName("").length) : undefined;
    const owner = ownerOf(secret === undefined ? publicKey(holder) : preimage(secret));
    this.#owners.set(holder, owner);
    this.#holders.set(owner, holder);
    return owner;
  }

  /** The public key of a vault. */
  vaultKey(name: string): Uint8Array {
    return publicKey(name);
  }

  output({ terms, holder, bank, value }: Note | Target): Output {
    const owner = terms === "burn" ? NOBODY : this.owner(holder);
    return { lock: locks[terms], owner, custodian: bank, amount: value };
  }

  /** Writes a payment down as a record, and learns where its notes will lie. */
  record(payment: Payment): SequencedLeaf {
    const bytes = encodeRecord({
      kind: payment.kind,
      inputs: payment.takes.map((note) => this.outpoint(note)),
      outputs: payment.gives.map((target) => this.output(target)),
      counter: this.#counter++,
      time: 0,
      nonce: NONCE,
      audit: NO_AUDIT,
      signer: publicKey(payment.by),
      signature: SIGNATURE,
      preimage: payment.secret === undefined ? undefined : preimage(payment.secret),
      envelope: EMPTY,
    });
    const leaf = decodeRecord(bytes);
    const id = recordId(networkId, leaf.body);
    this.#ids.set(payment.name, id);
    this.#payments.set(id, payment.name);
    payment.gives.forEach((_, index) => {
      this.setOutpoint(noteName(payment.name, index), joinOutpoint(id, index));
    });
    return { hash: leafHash(bytes), id, leaf };
  }

  /** An enrolment with the issuer's real signature: the fold checks it. */
  enrolment({ key, bank, issuer }: Enrolling): Promise<SequencedLeaf> {
    const says = `${key} with ${bank} by ${issuer}`;
    const known = enrolments.get(says) ?? signedEnrolment(key, bank, issuer);
    enrolments.set(says, known);
    return known;
  }

  /** Bytes that are no leaf. */
  garbage(): SequencedLeaf {
    const bytes = utf8.encode(`garbage ${this.#counter++}`);
    return { hash: leafHash(bytes), id: undefined, refusal: new Refusal("malformed", "garbage") };
  }
}

async function signedEnrolment(key: string, bank: number, issuer: string): Promise<SequencedLeaf> {
  const fields = { deviceKey: publicKey(key), member: bank, consent: SIGNATURE, envelope: EMPTY };
  const leaf = await signEnrolment(networkId, fields, keyOf(issuer));
  return { hash: leafHash(leaf.bytes), id: leafId(networkId, leaf), leaf };
}

/** Bytes in the form of a public key: whether they are one is checked before the fold. */
function publicKey(name: string): Uint8Array {
  return Uint8Array.of(2, ...sha256(utf8.encode(`key of ${name}`)));
}

function preimage(secret: string): Uint8Array {
  return sha256(utf8.encode(`secret ${secret}`));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
