/** Bytes as text of as many characters, to be found in a map. */
export function pack(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
