/**
 * The one place where XML is written: a message of ISO 20022 as text. The statement of a busy account has a
 * million elements: a library that builds a document first takes thirty times as long, and one that is written at a
 * stretch lets nobody else have an answer meanwhile. A test holds it to what such a library writes.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Elements in the order in which they are written. `@` begins an attribute, `#` is the text beside one. */
export type Element = { readonly [name: string]: Content | undefined };
/** Of many, each is made when it is written. */
type Content = string | Element | Iterable<Element>;

/** What a message is called, such as pacs.009.001.08, and its one element below `Document`. */
export type MessageName = {
  readonly id: string;
  readonly element: string;
};

/** What XML has for text: no control characters but these, and no half of a pair of surrogates. */
const XML_TEXT = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // It would be read as the end of a line.
  "\r": "&#xD;",
};

/** Elements of a list that are written at a stretch: some milliseconds. */
const SLICE = 128;

/** @throws Error for a character that XML does not have. */
export function xmlOf(name: MessageName, content: Element): string {
  const lines: string[] = [];
  for (const _ of documentOf(lines, name, content));
  return lines.join("\n");
}

/** The same where lists are long: others have their turn meanwhile. */
export async function xmlInTurns(name: MessageName, content: Element): Promise<string> {
  const pieces: string[] = [];
  const lines: string[] = [];
  let written = 0;
  for (const _ of documentOf(lines, name, content)) {
    if (++written % SLICE > 0) continue;
    // A million lines that stay are a second's work of the collector of garbage.
    pieces.push(lines.splice(0).join("\n"));
    await nextTurn();
  }
  return [...pieces, ...lines].join("\n");
}

/** Yields after each element of a list. */
function* documentOf(lines: string[], { id, element }: MessageName, content: Element) {
  lines.push(
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${id}">`,
  );
  yield* write(lines, "  ", element, content);
  lines.push("</Document>");
}

function* write(
  lines: string[],
  indent: string,
  name: string,
  content: Element | Iterable<Element>,
): Generator<void> {
  if (isList(content)) {
    for (const each of content) {
      yield* write(lines, indent, name, each);
      yield;
    }
    return;
  }
  const start = `${indent}<${name}${attributesOf(content)}>`;
  const text = content["#"];
  if (typeof text === "string") {
    lines.push(`${start}${escaped(text)}</${name}>`);
    return;
  }
  lines.push(start);
  const inner = `${indent}  `;
  for (const child of Object.keys(content)) {
    const inside = content[child];
    if (inside === undefined || child.startsWith("@")) continue;
    if (typeof inside === "string") lines.push(`${inner}<${child}>${escaped(inside)}</${child}>`);
    else yield* write(lines, inner, child, inside);
  }
  lines.push(`${indent}</${name}>`);
}

function isList(content: Element | Iterable<Element>): content is Iterable<Element> {
  return Symbol.iterator in content;
}

function attributesOf(element: Element): string {
  let text = "";
  for (const name of Object.keys(element)) {
    if (!name.startsWith("@")) continue;
    const value = escaped(element[name] as string).replaceAll('"', "&quot;");
    text += ` ${name.slice(1)}="${value}"`;
  }
  return text;
}

function escaped(text: string): string {
  if (!XML_TEXT.test(text)) {
    throw new Error(`${JSON.stringify(text)} has a character that XML does not have`);
  }
  return text.replace(/[&<>\r]/g, (character) => escapes[character]!);
}
