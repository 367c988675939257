/** All that a server tells whoever asks it everything that its own description says it can be asked for. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Fetch } from "../../node/service/mutual-fetch.ts";
import type { OpenApi, Parameter } from "./described-fetch.ts";

/** What there is to be asked about, by the name of the parameter; each is asked about in turn. */
export type Subjects = Readonly<Record<string, readonly string[]>>;
/** What nobody may be told who has no business with it, by what it is. */
export type Person = Readonly<Record<string, string>>;
/** @param route as the description names it. */
export type Shown = { readonly route: string; readonly status: number; readonly bytes: Buffer };

/** How long a stream is listened to. */
const STREAM_MS = 300;

/**
 * Asks every GET route, with every subject that its parameters can name.
 * @param token to be shown. @param by what asks.
 */
export async function shownBy(
  origin: string,
  subjects: Subjects,
  token = "",
  by: Fetch = fetch,
): Promise<Shown[]> {
  const description = await answerOf(by, origin, "/openapi.json", token);
  assert.equal(description.status, 200, `${origin} does not describe itself`);
  const { paths } = JSON.parse(description.bytes.toString()) as OpenApi;
  const shown: Shown[] = [];
  for (const [path, { get }] of Object.entries(paths)) {
    if (get === undefined) continue;
    for (const asked of filled(path, get.parameters ?? [], subjects)) {
      shown.push({ route: path, ...(await answerOf(by, origin, asked, token)) });
    }
  }
  return shown;
}

/** What is known of a person as it could stand somewhere: plainly, in hexadecimal, or as its hash. */
export function formsOf(person: Person): (string | Buffer)[] {
  return Object.values(person).flatMap((text) => {
    const bytes = Buffer.from(text);
    const hash = createHash("sha256").update(bytes).digest();
    return [text, bytes.toString("hex"), hash, hash.toString("hex")];
  });
}

export function linesOf(log: readonly string[]): Shown[] {
  return log.map((line) => ({ route: "a log", status: 200, bytes: Buffer.from(line) }));
}

/** @param what bytes stand as they are or as their digits. */
export function isTold(shown: readonly Shown[], what: string | Buffer): boolean {
  const forms = typeof what === "string" ? [what.replace(/^0x/, "")] : [what, what.toString("hex")];
  return shown.some(({ bytes }) => forms.some((form) => bytes.includes(form)));
}

export function assertUntold(shown: readonly Shown[], ...persons: readonly Person[]): void {
  const forms = persons.flatMap(formsOf);
  for (const { route, bytes } of shown) {
    for (const form of forms) assert.ok(!bytes.includes(form), route);
  }
}

/** Routes that had an answer for none of the subjects. */
export function unanswered(shown: readonly Shown[]): string[] {
  const answered = new Set(shown.filter(({ status }) => status === 200).map(({ route }) => route));
  const routes = new Set(shown.map(({ route }) => route));
  return [...routes].filter((route) => !answered.has(route)).sort();
}

function filled(path: string, parameters: readonly Parameter[], subjects: Subjects): string[] {
  let asked = [path];
  for (const { name, in: place, required } of parameters) {
    if (place === "query" && required !== true) continue;
    assert.ok(name in subjects, `${path} asks for ${name}`);
    asked = subjects[name]!.flatMap((value) => asked.map((each) => put(each, place, name, value)));
  }
  return asked;
}

function put(path: string, place: Parameter["in"], name: string, value: string): string {
  const text = encodeURIComponent(value);
  if (place === "path") return path.replace(`{${name}}`, text);
  return `${path}${path.includes("?") ? "&" : "?"}${name}=${text}`;
}

/** Of a stream, what comes within some time, from its beginning on. */
async function answerOf(by: Fetch, origin: string, path: string, token: string) {
  const headers = {
    "last-event-id": "0",
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
  };
  const answer = await by(`${origin}${path}`, { headers });
  const pieces: Uint8Array[] = [];
  const reader = answer.body!.getReader();
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream");
  const timer = isStream && setTimeout(() => void reader.cancel(), STREAM_MS);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    pieces.push(piece.value);
  if (timer) clearTimeout(timer);
  return { status: answer.status, bytes: Buffer.concat(pieces) };
}
