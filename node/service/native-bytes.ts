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

/** Small enough that whoever keeps one copy for long keeps little of others. */
const SLAB_BYTES = 4096;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** Those bytes once more, for what waits a while: what is kept keeps a slab of 4 KiB at the most. */
export function nativeCopy(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SLAB_BYTES / 4) return bytes.slice();
  if (slabUsed + bytes.length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const copy = slab.subarray(slabUsed, (slabUsed += bytes.length));
  copy.set(bytes);
  return copy;
}
