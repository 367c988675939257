/** JSON asked for by a command, of a node or a gateway alike. Problem documents come back as the refusals they are. */
import type { Fetch } from "../node/service/mutual-fetch.ts";
import { isRefusalCode, Refusal } from "../protocol/refusal.ts";

const TIMEOUT_MS = 15_000;
/** No answer of ours that commands ask for is nearly as long. */
const LENGTH_MAX = 1024 * 1024;

/**
 * @param send how it is reached, if not as anything on this machine.
 * @throws Refusal as the service says; `unavailable` where nothing of ours answers.
 */
export async function fetchJson(
  url: string,
  send: Fetch = fetch,
): Promise<Record<string, unknown>> {
  const { status, text } = await fetchText(url, send);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal("unavailable", `${url} answers ${status} and no JSON`);
  }
  if (typeof body !== "object" || body === null)
    throw new Refusal("unavailable", `${url} answers ${status} and no JSON object`);
  if (status === 200) return body as Record<string, unknown>;
  const { code, detail } = body as Record<string, unknown>;
  if (typeof code === "string" && isRefusalCode(code)) throw new Refusal(code, String(detail));
  throw new Refusal("unavailable", `${url} answers ${status}`);
}

/** @throws Refusal `unavailable` with what the network says. */
export async function reach<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("unavailable", `${url} does not answer: ${rootOf(error)}`);
  }
}

async function fetchText(url: string, send: Fetch): Promise<{ status: number; text: string }> {
  return reach(url, async () => {
    const answer = await send(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of answer.body ?? []) {
      text += decoder.decode(piece as Uint8Array, { stream: true });
      if (text.length > LENGTH_MAX)
        throw new Refusal("too-large", `${url} answers with more than ${LENGTH_MAX} characters`);
    }
    return { status: answer.status, text };
  });
}

/** fetch says only that it failed; why is in its cause. */
function rootOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return rootOf(error.cause);
  return error.message || error.name;
}
