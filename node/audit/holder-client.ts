/** A holder's service as requesters call it. Problems come back as the refusals they are. */
import { Refusal } from "../../protocol/refusal.ts";
import { parseProblem } from "../service/problem.ts";

const TIMEOUT_MS = 30_000;

/**
 * The holder's sealed answer to a request.
 * @param url where its service listens. @param item what is to be opened.
 * @throws Refusal as the holder refuses; `unavailable` where it is away.
 */
export async function askHolder(url: string, id: number, item: Uint8Array): Promise<Uint8Array> {
  const answer = await fetch(`${url.replace(/\/$/, "")}/v1/disclosures/${id}/answer`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: item as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Refusal("unavailable", `no holder answers at ${url} (${(error as Error).message})`);
  });
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  const text = await answer.text();
  throw parseProblem(text) ?? new Error(`${url} answered ${answer.status}: ${text.slice(0, 200)}`);
}
