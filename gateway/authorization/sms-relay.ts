/** Messages to telephones, through the bank's SMS centre: a POST of JSON for each, which it takes with a 2xx. */
import type { Relay } from "./relay.ts";

export type SmsRelayOptions = {
  /** Of the SMS centre. */
  readonly url: string;
  /** What it knows the bank by, shown as a bearer token. */
  readonly token: string;
};

const TIMEOUT_MS = 10_000;

export class SmsRelay implements Relay {
  readonly #options: SmsRelayOptions;

  constructor(options: SmsRelayOptions) {
    this.#options = options;
  }

  async send(to: string, text: string): Promise<void> {
    const { url, token } = this.#options;
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ to, text }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the SMS centre answered ${answer.status}`);
  }
}
