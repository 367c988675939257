/**
 * Bytes for native code. V8 keeps a small array among its own objects: when LevelDB, zlib or OpenSSL asks
 * where it lies, it is moved out into memory of its own, which costs ten times what making it costs. These
 * lie in Node's pool from the start.
 */

/**
 * Bytes that are yet to be written, every one of them. For what is soon let go of: one that is kept keeps its
 * neighbours in the pool. They are a Buffer, whose `slice` is no copy.
 */
export function nativeBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length);
}
