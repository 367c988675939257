/**
 * Bytes for native code. V8 keeps a small array among its own objects: when LevelDB, zlib or OpenSSL asks
 * where it lies, it is moved out into memory of its own, which costs ten times what making it costs, as
 * does making one of more than 64 bytes. These lie in Node's pool from the start.
 */

/**
 * Bytes that are yet to be written, every one of them. For what is soon let go of: one that is kept keeps its
 * neighbours in the pool. They are a Buffer, whose `slice` is no copy.
 */
export function nativeBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length);
}

/** Those bytes once more, for what waits a while: kept, they keep 8 KiB of neighbours at the most. */
export function nativeCopy(bytes: Uint8Array): Uint8Array {
  const copy = nativeBytes(bytes.length);
  copy.set(bytes);
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
}
