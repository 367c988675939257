/** The one door to libxml2: whether a message keeps to the schema (XSD) that the member has for it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { memoryPages, validateXML } from "xmllint-wasm";
import { Refusal } from "../../protocol/refusal.ts";
import type { MessageName } from "./xml.ts";

/** libxml2 holds a message whole, in ten times its bytes: enough for a statement of 100,000 entries. */
const MEMORY_PAGES_MAX = memoryPages.GiB;

export class SchemaCheck {
  readonly #folder: string;
  readonly #schemas = new Map<string, string>();

  /** @param folder where a schema is called as its message is: pacs.009.001.08.xsd. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws Refusal `bad-configuration` where there is no schema; Error if the message does not keep to it. */
  async check({ id }: MessageName, xml: string): Promise<void> {
    const schema = this.#schemas.get(id) ?? (await this.#read(id));
    const fileName = `${id}.xml`;
    const { valid, errors } = await validateXML({
      xml: [{ fileName, contents: xml }],
      schema: [schema],
      maxMemoryPages: MEMORY_PAGES_MAX,
    });
    if (valid) return;
    const said = errors.map(({ message }) => message).join("; ");
    throw new Error(`a message does not keep to the schema of ${id}: ${said}`);
  }

  async #read(id: string): Promise<string> {
    const path = join(this.#folder, `${id}.xsd`);
    const schema = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new Refusal("bad-configuration", `${path} cannot be read (${error.code})`);
    });
    this.#schemas.set(id, schema);
    return schema;
  }
}
