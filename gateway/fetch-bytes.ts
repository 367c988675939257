/** Bytes from another service of the network, bounded in size and time. */
import { parseProblem } from "../node/service/problem.ts";
import { readBody } from "../node/service/read-body.ts";

const TIMEOUT_MS = 10_000;

/**
 * @throws Refusal as the service's problem document names it; Error if the service is away, answers anything else,
 *   or with more than `bytesMax`.
 */
export function fetchBytes(url: string, bytesMax: number): Promise<Uint8Array> {
  return exchange(url, {}, bytesMax);
}

/** The same for bytes that are handed over. */
export function postBytes(url: string, body: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const headers = { "content-type": "application/octet-stream" };
  return exchange(url, { method: "POST", headers, body: Uint8Array.from(body) }, bytesMax);
}

async function exchange(url: string, request: RequestInit, bytesMax: number): Promise<Uint8Array> {
  const answer = await fetch(url, {
    ...request,
    // An address was configured, over TLS perhaps, not where it leads.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const bytes = await readBody(answer, bytesMax);
  if (answer.ok) return bytes;
  throw (
    parseProblem(new TextDecoder().decode(bytes)) ??
    new Error(`${answer.url} answered ${answer.status}`)
  );
}
