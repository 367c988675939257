/**
 * The statement of a payment: that one record applied, for a court or whoever else is shown it, with nothing
 * but the network file beside it. It shows that record alone: not what its money came from, nor what became
 * of it. JSON, as evidence is; under `claims` stands what is to be compared on chain.
 */
import { fromHex, type Hex } from "./bytes.ts";
import { parseSettlement, plainSettlement, type Settlement } from "./evidence.ts";
import { checkApplied } from "./evidence-check.ts";
import { end, type Fields, fieldsOf, hex, hexUpTo, type Parse, take } from "./json-fields.ts";
import { limits } from "./limits.ts";
import type { NetworkFile } from "./network-file.ts";
import { checkRecordSignature, decodeRecord, recordId, type SignedRecord } from "./record.ts";
import type { Verifier } from "./signature.ts";
import {
  checkNetwork,
  checkShown,
  type FileFormat,
  headOf,
  type NamedValidators,
  openFile,
  parseNamedValidators,
  type ShownBy,
} from "./statement-file.ts";

const format: FileFormat = { what: "statement of a payment", version: 1 };

export type PaymentStatement = {
  readonly networkId: Hex;
  /** The whole record. */
  readonly record: Hex;
  /** Its place under a checkpoint, and who signed that. */
  readonly settlement: Settlement;
  readonly claims: NamedValidators;
};

export type PaymentFindings = {
  readonly id: Hex;
  readonly record: SignedRecord;
  readonly cycle: number;
  readonly standing: ShownBy;
};

/** The text of a statement: the same bytes for the same statement. */
export function formatPaymentStatement(statement: PaymentStatement): string {
  return `${JSON.stringify({ ...headOf(format), ...plainPayment(statement) }, undefined, 2)}\n`;
}

/** A statement as JSON carries it. */
export function plainPayment(statement: PaymentStatement): object {
  return { ...statement, settlement: plainSettlement(statement.settlement) };
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parsePaymentStatement(source: string): PaymentStatement {
  return readPayment(openFile(source, format), format.what);
}

/** A statement inside another file. */
export const parsePayment: Parse<PaymentStatement> = (value, field) =>
  readPayment(fieldsOf(value, field), field, `${field}.`);

/**
 * Checks all of it.
 * @param trusted addresses of validators that the reader has from elsewhere.
 * @throws Refusal `wrong-network`; `malformed`, `bad-proof`, `bad-signature` naming what does not hold.
 */
export function checkPaymentStatement(
  { networkId, record: bytes, settlement, claims }: PaymentStatement,
  network: NetworkFile,
  verifier: Verifier,
  trusted?: ReadonlySet<Hex>,
): PaymentFindings {
  checkNetwork(format.what, networkId, network);
  const record = decodeRecord(fromHex(bytes));
  const id = recordId(fromHex(networkId, 32), record.body);
  checkRecordSignature(fromHex(networkId, 32), record, verifier);
  checkApplied(id, settlement);
  const standing = checkShown(network, settlement, claims, trusted);
  return { id, record, cycle: settlement.checkpoint.number, standing };
}

function readPayment(fields: Fields, what: string, path = ""): PaymentStatement {
  const statement: PaymentStatement = {
    networkId: take(fields, "networkId", hex(32), path),
    record: take(fields, "record", hexUpTo(limits.leafBytesMax), path),
    settlement: take(fields, "settlement", parseSettlement, path),
    claims: take(fields, "claims", parseNamedValidators, path),
  };
  end(fields, what);
  return statement;
}
