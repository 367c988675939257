/** The one door to xmlbuilder2: a message of ISO 20022 as text. */
import { create } from "xmlbuilder2";

/** Elements in the order in which they are written. `@` begins an attribute, `#` is the text beside one. */
export type Element = { readonly [name: string]: Content | undefined };
type Content = string | Element | readonly Element[];

/** What a message is called, such as pacs.009.001.08, and its one element below `Document`. */
export type MessageName = {
  readonly id: string;
  readonly element: string;
};

export function xmlOf({ id, element }: MessageName, content: Element): string {
  const namespace = `urn:iso:std:iso:20022:tech:xsd:${id}`;
  return create({ version: "1.0", encoding: "UTF-8" })
    .ele(namespace, "Document")
    .ele({ [element]: present(content) })
    .end({ prettyPrint: true, wellFormed: true });
}

/** Without what is left out. */
function present(content: Content): object | string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(present);
  const kept = Object.entries(content as Element).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept.map(([name, value]) => [name, present(value!)]));
}
