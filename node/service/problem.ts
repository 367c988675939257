/**
 * Refusals as HTTP says them: problem documents (RFC 9457) with the code of the refusal, which is
 * stable, and its title and remedy in the reader's language; the detail is English. Whatever is not a
 * refusal is our fault and shows nothing of itself.
 */
import { type Static, Type } from "typebox";
import { isRefusalCode, Refusal } from "../../protocol/refusal.ts";
import { type Language, type ProblemCode, wordsOf } from "../../protocol/refusal-words.ts";

export const PROBLEM_TYPE = "application/problem+json";

export const Problem = Type.Object(
  {
    type: Type.String({ description: "urn:tallystick:problem: and the code" }),
    title: Type.String({ description: "The code in words, in the reader's language" }),
    status: Type.Integer({ description: "The HTTP status" }),
    detail: Type.String({ description: "What is wrong with this request" }),
    code: Type.String({ description: "Stable: programs go by this" }),
    remedy: Type.String({ description: "What to do about it, in the reader's language" }),
    instance: Type.String({ description: "This very occurrence, as the server's log names it" }),
    field: Type.Optional(
      Type.String({ description: "Of the bytes sent, the field that is wrong" }),
    ),
    offset: Type.Optional(Type.Integer({ description: "Where it starts, in bytes" })),
    checks: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "Of /readyz: what is not ready" }),
    ),
  },
  { description: "What is wrong, and what to do about it (RFC 9457)" },
);
export type Problem = Static<typeof Problem>;

/** Says by name which parts are not ready, and why. */
export class NotReady extends Refusal {
  readonly checks: Readonly<Record<string, string>>;

  constructor(checks: Readonly<Record<string, string>>) {
    super("unavailable", `not ready: ${Object.keys(checks).join(", ")}`);
    this.checks = checks;
  }
}

/** Says when the same may be asked again. */
export class TooOften extends Refusal {
  readonly retryAfterS: number;

  constructor(detail: string, retryAfterS: number) {
    super("rate-limited", detail);
    this.retryAfterS = retryAfterS;
  }
}

/** @param id of the request, in the log too. */
export function problemOf(refusal: Refusal, id: string, language: Language = "en"): Problem {
  const { code, detail, row, place } = refusal;
  const checks = refusal instanceof NotReady ? { checks: refusal.checks } : {};
  return { ...head(code, row.status, id, language), detail, ...place, ...checks };
}

/** The refusal that a service answered with, if it is a problem document of ours. */
export function parseProblem(text: string): Refusal | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    if (typeof code === "string" && isRefusalCode(code)) return new Refusal(code, String(detail));
  } catch {
    // A proxy's page, or half an answer: the caller says it as it came.
  }
  return undefined;
}

/** What a caller hears of an error of ours. */
export function internalProblem(id: string, language: Language = "en"): Problem {
  const detail = "the request met an error of the server's own";
  return { ...head("internal", 500, id, language), detail };
}

function head(code: ProblemCode, status: number, id: string, language: Language) {
  const type = `urn:tallystick:problem:${code}`;
  return { type, status, instance: `urn:uuid:${id}`, code, ...wordsOf(code, language) };
}
