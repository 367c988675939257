/**
 * The report of a run: what was held against what, every case with its verdict, and a signature by whoever
 * ran it. The signature is by a P-256 key over "tallystick/conformance/v1", a line feed, and the report as
 * JSON without spaces, its fields in the order in which they stand here.
 */
import { concat, fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { type DeviceClass, deviceClasses } from "../../protocol/certificate.ts";
import { hex, integer, list, type Parse, parseJson, text } from "../../protocol/json-fields.ts";
import { KEY_LENGTH } from "../../protocol/key.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "../../protocol/signature.ts";
import type { Case } from "./case.ts";
import { type RuleId, rules } from "./rules.ts";
import { type Verdict, verdicts } from "./run.ts";
import { object, type Of, oneOf, optional } from "./shape.ts";

const caseShape = {
  name: text(64),
  rules: list(oneOf(Object.keys(rules) as RuleId[]), 1, Object.keys(rules).length),
  title: text(256),
  verdict: oneOf(verdicts),
  why: text(4000),
  durationMs: integer(0),
};

const reportShape = {
  kit: object({ version: text(64), protocol: integer(1) }),
  implementation: object({
    name: text(64),
    version: text(64),
    class: oneOf(Object.keys(deviceClasses) as DeviceClass[]),
  }),
  seed: text(256),
  /** ISO 8601, in UTC. */
  begun: text(32),
  ended: text(32),
  cases: list(object(caseShape), 0, 1000),
};

const parseFile: Parse<ReportFile> = object({
  report: object(reportShape),
  publicKey: optional(hex(KEY_LENGTH)),
  signature: optional(hex(SIGNATURE_LENGTH)),
});

export type Report = Of<typeof reportShape>;

/** A report as a file holds it, signed or not. */
export type ReportFile = {
  readonly report: Report;
  readonly publicKey?: Hex | undefined;
  readonly signature?: Hex | undefined;
};

/** What a report comes to. */
export type Outcome = {
  /** Every case of the kit was run, and none failed. */
  readonly passes: boolean;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Cases of the kit that the report does not have. */
  readonly missing: readonly string[];
};

export async function signReport(report: Report, signer: Signer): Promise<ReportFile> {
  const signature = await signer.sign(signedBytes(report));
  return { report, publicKey: toHex(signer.publicKey), signature: toHex(signature) };
}

export function formatReport(file: ReportFile): string {
  return `${JSON.stringify(file, undefined, 1)}\n`;
}

/**
 * Reads a file, and checks that what stands in it is what was signed.
 * @throws Refusal `malformed` naming the field; `bad-signature` for one that is not signed, or was changed.
 */
export function verifyReport(
  file: string,
  verifier: Verifier,
): { readonly report: Report; readonly publicKey: Hex } {
  const { report, publicKey, signature } = parseFile(parseJson(file, "report file"), "file");
  if (publicKey === undefined || signature === undefined) {
    throw new Refusal("bad-signature", "the report is not signed");
  }
  if (!verifier.verify(fromHex(publicKey), signedBytes(report), fromHex(signature))) {
    throw new Refusal("bad-signature", "the report is not as the key that it names has signed it");
  }
  return { report, publicKey };
}

/** @param cases those of the kit that reads the report. */
export function outcomeOf({ cases: results }: Report, cases: readonly Case[]): Outcome {
  const counts = { holds: 0, fails: 0, "not-tried": 0 };
  for (const { verdict } of results) counts[verdict]++;
  const run = new Set(results.map(({ name }) => name));
  const missing = cases.map(({ name }) => name).filter((name) => !run.has(name));
  return { passes: counts.fails === 0 && missing.length === 0, counts, missing };
}

function signedBytes(report: Report): Uint8Array {
  return concat(utf8.encode("tallystick/conformance/v1\n"), utf8.encode(JSON.stringify(report)));
}
