/** The body of an answer, bounded in size: whoever answers does not fill our memory. */

/** @throws Error if it has more than `bytesMax`. */
export async function readBody(answer: Response, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > bytesMax) throw new Error(`an answer has more than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
