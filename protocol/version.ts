/** The first byte of what devices hand each other: which version of the format follows. */
import type { Reader } from "./bytes.ts";
import { Refusal } from "./refusal.ts";

export const FORMAT_VERSION = 1;

/** @throws Refusal `unsupported-version` for any other, `malformed` if there is none. */
export function readVersion(reader: Reader, structure: string): void {
  const offset = reader.offset;
  const version = reader.u8("version");
  if (version !== FORMAT_VERSION) {
    const detail = `${structure} of version ${version}, not ${FORMAT_VERSION}`;
    throw new Refusal("unsupported-version", detail, { field: "version", offset });
  }
}
