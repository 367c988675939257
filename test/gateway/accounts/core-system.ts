/** A core system that serves the contract over embedded books, and treats calls as badly as a test says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { Hold, HoldEnd, Level, Posting } from "../../../gateway/core-banking/contract.ts";
import type { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";

export const faults = [
  /** Nothing happens, and the connection is cut. */
  "lost",
  /** It acts, and the connection is cut before the answer. */
  "cut",
  /** It acts, and the answer comes when nobody waits any more. */
  "late answer",
  /** It acts when nobody waits any more: after whatever is asked meanwhile. */
  "late act",
  /** A proxy says that it is down, and it is. */
  "down",
  /** It acts, and says that it failed. */
  "failed after acting",
  /** It acts, and answers twice. */
  "twice",
  /** It acts, and answers what is no contract's. */
  "nonsense",
] as const;
export type Fault = (typeof faults)[number];

/** What it does to a call, by its number from 1 and its path. */
export type Plan = (number: number, path: string) => Fault | undefined;

type Answer = { readonly status: number; readonly text: string };

export class CoreSystem {
  readonly #books: EmbeddedAccounts;
  readonly #server: Server;
  readonly #lateMs: number;
  readonly #late = new Set<Promise<unknown>>();
  plan: Plan = () => undefined;
  /** Calls that came, in their order. */
  readonly calls: string[] = [];

  private constructor(books: EmbeddedAccounts, lateMs: number) {
    this.#books = books;
    this.#lateMs = lateMs;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  /** @param lateMs after which the client waits no more. */
  static async start(books: EmbeddedAccounts, lateMs: number): Promise<CoreSystem> {
    const core = new CoreSystem(books, lateMs);
    await new Promise<void>((resolve) => core.#server.listen(0, "127.0.0.1", resolve));
    return core;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/core`;
  }

  /** Resolves when all that comes late has come. */
  async quiet(): Promise<void> {
    while (this.#late.size > 0) await Promise.all(this.#late);
  }

  async stop(): Promise<void> {
    await this.quiet();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.slice("/core".length);
    this.calls.push(`${request.method} ${path}`);
    const fault = this.plan(this.calls.length, path);
    const body = await bodyOf(request);
    const act = () => this.#answer(request.method!, path, body);
    switch (fault) {
      case "lost":
        return void response.destroy();
      case "cut":
        await act();
        return void response.destroy();
      case "down":
        return send(response, { status: 503, text: "<h1>Service unavailable</h1>" });
      case "failed after acting":
        await act();
        return send(response, { status: 500, text: "{}" });
      case "nonsense":
        await act();
        return send(response, { status: 418, text: '{"code":"busy","detail":"tea"}' });
      case "late answer": {
        const answer = await act();
        return this.#later(async () => send(response, answer));
      }
      case "late act":
        return this.#later(async () => send(response, await act()));
      case "twice": {
        const { status, text } = await act();
        const once = `HTTP/1.1 ${status} -\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
        response.socket!.write(once + once);
        return;
      }
      default:
        return send(response, await act());
    }
  }

  #later(task: () => Promise<void>): void {
    const late = sleep(this.#lateMs).then(task);
    this.#late.add(late);
    late.finally(() => this.#late.delete(late)).catch(() => undefined);
  }

  async #answer(method: string, path: string, body: string): Promise<Answer> {
    try {
      const value = await this.#do(`${method} ${path}`, body === "" ? {} : JSON.parse(body));
      return { status: 200, text: JSON.stringify(value ?? {}, amountsAsText) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { code, detail } = error;
      return { status: error.row.status, text: JSON.stringify({ code, detail }) };
    }
  }

  async #do(call: string, said: unknown): Promise<unknown> {
    const [path, query] = call.split("?");
    const [method, , kind, name, part] = path!.split(/[ /]/).map(decodeURIComponent);
    const books = this.#books;
    switch (`${method} ${kind} ${part ?? ""}`) {
      case "GET accounts ":
        return { ...(await books.account(name!)), ...(await books.balance(name!)) };
      case "GET accounts entries": {
        const { limit, before } = Object.fromEntries(new URLSearchParams(query));
        return books.statement(name!, Number(limit), before ? Number(before) : undefined);
      }
      case "PUT accounts closed":
        return books.close(name!);
      case "PUT holds ": {
        const { account, amount } = said as Hold;
        return books.hold(account, BigInt(amount), name!);
      }
      case "PUT holds end":
        return books[(said as HoldEnd).how](name!);
      case "PUT devices ": {
        const { account, amount, seq } = said as Level;
        return books.settle(account, name as `0x${string}`, BigInt(amount), seq);
      }
      case "PUT postings ":
        return this.#post(name!, said as Posting);
      default:
        throw new Error(`the contract has no ${call}`);
    }
  }

  #post(reference: string, { kind, account, to, amount }: Posting): Promise<void> {
    const moved = BigInt(amount);
    if (kind === "credit") return this.#books.credit(account!, moved, reference);
    if (kind === "transfer") return this.#books.transfer(account!, to!, moved, reference);
    return this.#books.bondPaid(kind, moved, reference, account);
  }
}

function send(response: ServerResponse, { status, text }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function amountsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
