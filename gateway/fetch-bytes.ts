/** Bytes from another service of the network, bounded in size and time. */

const TIMEOUT_MS = 10_000;

/** @throws Error if the service is away, answers anything but 200, or with more than `bytesMax`. */
export async function fetchBytes(url: string, bytesMax: number): Promise<Uint8Array> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > bytesMax) throw new Error(`${url} answers with more than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
