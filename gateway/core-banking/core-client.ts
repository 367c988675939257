/**
 * One call of a core system, which may be lost on the way there or back, come late, or be answered by a
 * proxy that has lost it: repeated as it is, a bounded number of times. What a call asks for stands in its
 * path, so that the core system takes it once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { TSchema } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { TlsMaterial } from "../../node/service/listener.ts";
import { type Fetch, mutualFetch } from "../../node/service/mutual-fetch.ts";
import { parseProblem } from "../../node/service/problem.ts";
import { readBody } from "../../node/service/read-body.ts";
import { compileSchema, problemText } from "../../node/service/schema-check.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { refusals } from "./contract.ts";

export type CoreClientOptions = {
  /** Where the contract's paths start, such as https://core.bank.example/tallystick. */
  readonly url: string;
  /** What is shown to it, and who must have signed what it shows; for a core system on another machine. */
  readonly tls?: TlsMaterial;
  /** For how long one try is waited for. */
  readonly timeoutMs: number;
  /** How often a call is made before it is given up, for whoever asked to come again. */
  readonly tries: number;
  /** Before the second try; twice as long before each after it. */
  readonly pauseMs: number;
  /** Ends every call, for a process that stops: it is not known whether they were heard. */
  readonly signal?: AbortSignal;
  readonly logger: Logger;
};

export class CoreClient {
  readonly #options: CoreClientOptions;
  readonly #url: string;
  readonly #send: Fetch;

  constructor(options: CoreClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/$/, "");
    this.#send = options.tls === undefined ? fetch : mutualFetch(options.tls);
  }

  /** Has something done, once. @throws Refusal as the core system says; `unavailable`. */
  async put(path: string, body: object): Promise<void> {
    await this.#repeat("PUT", path, JSON.stringify(body));
  }

  /** @param shape of what it answers. @throws Refusal as the core system says; `unavailable`. */
  async get(path: string, shape: TSchema): Promise<unknown> {
    const value = await this.#repeat("GET", path);
    const [problem] = compileSchema(shape)(value);
    if (problem === undefined) return value;
    throw new Error(`the core system does not keep the contract: ${problemText(problem, path)}`);
  }

  async #repeat(method: "GET" | "PUT", path: string, body?: string): Promise<unknown> {
    const { tries, pauseMs, signal, logger } = this.#options;
    for (let tried = 1; ; tried++) {
      try {
        return await this.#try(method, path, body);
      } catch (error) {
        if (error instanceof Refusal) throw error;
        logger.warn({ err: error, method, path, tried }, "the core system did not answer a call");
        if (tried >= tries || signal?.aborted) {
          throw new Refusal("unavailable", "the core system does not answer");
        }
      }
      await sleep(pauseMs * 2 ** (tried - 1));
    }
  }

  async #try(method: "GET" | "PUT", path: string, body?: string): Promise<unknown> {
    const { timeoutMs, signal } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const answer = await this.#send(`${this.#url}${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
      // The page that a call is led to, such as one to log in, answers with success and has done nothing.
      redirect: "error",
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    const text = new TextDecoder().decode(await readBody(answer, limits.coreAnswerMax));
    if (answer.ok) return method === "GET" ? JSON.parse(text) : undefined;
    const refusal = parseProblem(text);
    if (refusal !== undefined && refusals.includes(refusal.code)) throw refusal;
    throw new Error(`the core system answered ${answer.status}: ${text.slice(0, 200)}`);
  }
}
