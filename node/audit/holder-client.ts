/** A holder's service as requesters call it. Problems come back as the refusals they are. */
import { concat } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { isLoopback, type TlsMaterial } from "../service/listener.ts";
import { type Fetch, mutualFetch } from "../service/mutual-fetch.ts";
import { parseProblem } from "../service/problem.ts";

const TIMEOUT_MS = 30_000;
/** A sealed part has some 300 bytes, a problem a few sentences. */
const ANSWER_MAX = 16_384;

/**
 * The holder's sealed answer to a request.
 * @param url where its service listens. @param item what is to be opened.
 * @param tls what the requester shows; without it a service on this machine is asked, and no other: the item
 *   says whose identity is wanted.
 * @throws Refusal as the holder refuses; `unavailable` where it is away; `bad-configuration` for no such way.
 */
export async function askHolder(
  url: string,
  id: number,
  item: Uint8Array,
  tls?: TlsMaterial,
): Promise<Uint8Array> {
  const send = wayTo(url, tls);
  const answer = await send(`${url.replace(/\/$/, "")}/v1/disclosures/${id}/answer`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: item as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Refusal("unavailable", `no holder answers at ${url} (${(error as Error).message})`);
  });
  const bytes = await readAnswer(url, answer);
  if (answer.ok) return bytes;
  const text = new TextDecoder().decode(bytes);
  throw parseProblem(text) ?? new Error(`${url} answered ${answer.status}: ${text.slice(0, 200)}`);
}

function wayTo(url: string, tls: TlsMaterial | undefined): Fetch {
  const { protocol, hostname } = URL.parse(url) ?? { protocol: "", hostname: "" };
  if (protocol === "https:" && tls !== undefined) return mutualFetch(tls);
  if (protocol === "http:" && isLoopback(hostname)) return fetch;
  throw new Refusal(
    "bad-configuration",
    `${url} is no holder on this machine, and any other is asked over https with a certificate`,
  );
}

/** @throws Refusal `too-large`, and reads no further. */
async function readAnswer(url: string, answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    if (length > ANSWER_MAX)
      throw new Refusal("too-large", `${url} answers with more than ${ANSWER_MAX} bytes`);
    parts.push(part);
  }
  return concat(...parts);
}
