/** Randomness as an argument: whoever needs it is given it, so that one seed can replay everything. */

/** Fresh bytes, unpredictable to anyone else. */
export type Random = (length: number) => Uint8Array;

/** The platform's generator, in browsers and on Node. */
export const systemRandom: Random = (length) =>
  globalThis.crypto.getRandomValues(new Uint8Array(length));
