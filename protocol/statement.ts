/**
 * The statement: a member's signed word that a record has applied. With it a purse turns committed coins
 * to spent and forgets what it kept pending.
 *
 *     record id 32 | seq u64 | issued u64 | member u16
 *     | signature 64 by the issuer key over message("applied", all before)
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { message } from "./message.ts";
import type { MemberId } from "./output.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

export const STATEMENT_LENGTH = 114;

const ID_LENGTH = 32;

export type Statement = {
  /** The record that applied. */
  readonly id: Hex;
  /** The ledger event after which that is known. */
  readonly seq: number;
  /** Milliseconds of the member's clock. It is no signed time: that travels in lists and receipts. */
  readonly issued: number;
  readonly member: MemberId;
};

export type SignedStatement = Statement & { readonly signature: Uint8Array };

export async function signStatement(
  networkId: Uint8Array,
  fields: Statement,
  issuer: Signer,
): Promise<SignedStatement> {
  const { id, seq, issued, member } = fields;
  const signature = await issuer.sign(message("applied", networkId, bodyOf(fields)));
  return { id, seq, issued, member, signature };
}

/** Whether the member's issuer key signed it. @throws Refusal `bad-signature`. */
export function checkStatement(
  networkId: Uint8Array,
  statement: SignedStatement,
  issuer: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("applied", networkId, bodyOf(statement));
  if (!verifier.verify(issuer, signed, statement.signature)) {
    throw new Refusal("bad-signature", `the statement is not signed by member ${statement.member}`);
  }
}

export function encodeStatement(statement: SignedStatement): Uint8Array {
  const writer = new Writer(STATEMENT_LENGTH);
  writeStatement(writer, statement);
  return writer.done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeStatement(bytes: Uint8Array): SignedStatement {
  const reader = new Reader(bytes);
  const statement = readStatement(reader);
  reader.end("statement");
  return statement;
}

export function writeStatement(writer: Writer, statement: SignedStatement): void {
  writer.put(bodyOf(statement)).fixed(statement.signature, SIGNATURE_LENGTH);
}

/** Reads a statement that stands in an answer. */
export function readStatement(reader: Reader): SignedStatement {
  const id = toHex(reader.take(ID_LENGTH, "id"));
  const seq = reader.safe("seq");
  const issued = reader.safe("issued");
  const member = reader.u16("member");
  const signature = reader.take(SIGNATURE_LENGTH, "signature");
  return { id, seq, issued, member, signature };
}

function bodyOf({ id, seq, issued, member }: Statement): Uint8Array {
  return new Writer(STATEMENT_LENGTH)
    .fixed(fromHex(id), ID_LENGTH)
    .safe(seq)
    .safe(issued)
    .u16(member)
    .done();
}
