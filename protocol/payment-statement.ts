/**
 * The statement of a payment: that one record applied, for a court or whoever else is shown it, with nothing
 * but the network file beside it. It shows that record alone: not what its money came from, nor what became
 * of it. JSON, as evidence is; under `claims` stands what is to be compared on chain.
 */
import { fromHex, type Hex } from "./bytes.ts";
import {
  parseSettlement,
  parseValidatorSet,
  plainSettlement,
  type Settlement,
  type ValidatorSet,
} from "./evidence.ts";
import { checkApplied, checkSigned, type Standing } from "./evidence-check.ts";
import { bad, end, fieldsOf, hex, hexUpTo, integer, parseJson, take, text } from "./json-fields.ts";
import { limits } from "./limits.ts";
import type { NetworkFile } from "./network-file.ts";
import { checkRecordSignature, decodeRecord, recordId, type SignedRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";
import type { Verifier } from "./signature.ts";

export const STATEMENT_FORMAT = "tallystick statement of a payment";
export const STATEMENT_VERSION = 1;

export type PaymentStatement = {
  readonly networkId: Hex;
  /** The whole record. */
  readonly record: Hex;
  /** Its place under a checkpoint, and who signed that. */
  readonly settlement: Settlement;
  readonly claims: { readonly validators: ValidatorSet };
};

export type PaymentFindings = {
  readonly id: Hex;
  readonly record: SignedRecord;
  readonly cycle: number;
  readonly standing: Exclude<Standing, "not-shown">;
};

/** The text of a statement: the same bytes for the same statement. */
export function formatPaymentStatement(statement: PaymentStatement): string {
  const { networkId, record, settlement, claims } = statement;
  const head = { format: STATEMENT_FORMAT, version: STATEMENT_VERSION };
  const file = { ...head, networkId, record, settlement: plainSettlement(settlement), claims };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parsePaymentStatement(source: string): PaymentStatement {
  if (source.length > limits.evidenceFileMax)
    throw new Refusal("too-large", `a statement has at most ${limits.evidenceFileMax} characters`);
  const file = fieldsOf(parseJson(source, "statement"), "statement");
  if (take(file, "format", text(64)) !== STATEMENT_FORMAT)
    throw bad("format", "is not that of a statement of a payment");
  const version = take(file, "version", integer(1));
  if (version !== STATEMENT_VERSION) {
    const known = `this software reads ${STATEMENT_VERSION}`;
    throw new Refusal("unsupported-version", `a statement of version ${version}, ${known}`);
  }
  const statement: PaymentStatement = {
    networkId: take(file, "networkId", hex(32)),
    record: take(file, "record", hexUpTo(limits.leafBytesMax)),
    settlement: take(file, "settlement", parseSettlement),
    claims: take(file, "claims", (value, field) => {
      const fields = fieldsOf(value, field);
      const validators = take(fields, "validators", parseValidatorSet, `${field}.`);
      end(fields, field);
      return { validators };
    }),
  };
  end(file, "statement");
  return statement;
}

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
  if (networkId !== network.networkId)
    throw new Refusal(
      "wrong-network",
      `the statement is of network ${networkId}, the file of ${network.networkId}`,
    );
  const record = decodeRecord(fromHex(bytes));
  const id = recordId(fromHex(networkId, 32), record.body);
  checkRecordSignature(fromHex(networkId, 32), record, verifier);
  checkApplied(id, settlement);
  const cycle = settlement.checkpoint.number;
  const { validators } = claims;
  if (validators.cycle !== cycle)
    throw new Refusal("bad-proof", `the file names no validators for cycle ${cycle}`);
  checkSigned(network, settlement, new Set(validators.members.map(({ address }) => address)));
  if (trusted === undefined) return { id, record, cycle, standing: "by-named-validators" };
  checkSigned(network, settlement, trusted);
  return { id, record, cycle, standing: "by-trusted-validators" };
}
