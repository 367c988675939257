/**
 * Stands between a client and a chain, as a load balancer or a bad line does: it passes on, cuts off,
 * answers from behind, or loses what was sent.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export type RpcCall = {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly any[];
  /** Which request it came in, from 0: what comes together is answered by one server. */
  readonly request: number;
};

/** What becomes of one call: `pass` it on, `cut` the line without a word, or answer with a result or an error. */
export type Verdict =
  | "pass"
  | "cut"
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

export class ChainProxy implements AsyncDisposable {
  readonly calls: RpcCall[] = [];
  /** Decides before a call reaches the chain; may be changed at any time. */
  decide: (call: RpcCall) => Verdict | Promise<Verdict> = () => "pass";
  /** Sees each answer of the chain, and may give another one. */
  alter: (call: RpcCall, result: any) => unknown = (_, result) => result;
  readonly #server: Server;
  readonly #target: string;
  #requests = 0;

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** How many calls of a method came. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** What the chain itself answers. */
  async ask(call: {
    readonly id: unknown;
    readonly method: string;
    readonly params: readonly unknown[];
  }): Promise<{ readonly result: unknown; readonly error?: unknown }> {
    const response = await fetch(this.#target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", ...call }),
    });
    return (await response.json()) as { result: unknown; error?: unknown };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const number = this.#requests++;
      const body = (await json(request)) as RpcCall | RpcCall[];
      const answer = Array.isArray(body)
        ? await Promise.all(body.map((call) => this.#answer({ ...call, request: number })))
        : await this.#answer({ ...body, request: number });
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch {
      response.destroy();
    }
  }

  async #answer(call: RpcCall): Promise<unknown> {
    this.calls.push(call);
    const verdict = await this.decide(call);
    if (verdict === "cut") throw new Error("cut");
    if (verdict !== "pass") return { jsonrpc: "2.0", id: call.id, ...verdict };
    const { result, error } = await this.ask(call);
    return {
      jsonrpc: "2.0",
      id: call.id,
      ...(error === undefined ? { result: this.alter(call, result) } : { error }),
    };
  }
}
