/**
 * The one place where XML is written: a message of ISO 20022 as text. The statement of a busy account has a
 * million elements, and the gateway answers nobody while it is written: a library that builds a document first
 * takes thirty times as long. A test holds it to what such a library writes.
 */

/** Elements in the order in which they are written. `@` begins an attribute, `#` is the text beside one. */
export type Element = { readonly [name: string]: Content | undefined };
type Content = string | Element | readonly Element[];

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

/** @throws Error for a character that XML does not have. */
export function xmlOf({ id, element }: MessageName, content: Element): string {
  const lines = [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${id}">`,
  ];
  write(lines, "  ", element, content);
  lines.push("</Document>");
  return lines.join("\n");
}

function write(lines: string[], indent: string, name: string, content: Content): void {
  if (isList(content)) {
    for (const each of content) write(lines, indent, name, each);
    return;
  }
  const element = typeof content === "string" ? { "#": content } : content;
  const start = `${indent}<${name}${attributesOf(element)}>`;
  const text = element["#"];
  if (typeof text === "string") {
    lines.push(`${start}${escaped(text)}</${name}>`);
    return;
  }
  lines.push(start);
  for (const [child, inside] of Object.entries(element)) {
    if (inside === undefined || child.startsWith("@")) continue;
    write(lines, `${indent}  `, child, inside);
  }
  lines.push(`${indent}</${name}>`);
}

function isList(content: Content): content is readonly Element[] {
  return Array.isArray(content);
}

function attributesOf(element: Element): string {
  return Object.entries(element)
    .filter(([name]) => name.startsWith("@"))
    .map(([name, value]) => {
      return ` ${name.slice(1)}="${escaped(value as string).replaceAll('"', "&quot;")}"`;
    })
    .join("");
}

function escaped(text: string): string {
  if (!XML_TEXT.test(text)) {
    throw new Error(`${JSON.stringify(text)} has a character that XML does not have`);
  }
  return text.replace(/[&<>\r]/g, (character) => escapes[character]!);
}
