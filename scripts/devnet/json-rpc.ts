/**
 * JSON-RPC 2.0 over HTTP on loopback: single calls and batches, POST of application/json alone. No
 * CORS headers, so that no web page can speak to the chain behind a person's back.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Refusal } from "../../protocol/refusal.ts";

/** An error that travels to the caller as it is: `data` carries what a contract reverted with. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

export type RpcHandler = (method: string, params: readonly unknown[]) => Promise<unknown>;

type Call = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] };

/** A full batch of contract creations stays below it. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** What the usual clients send at most is 100. */
const BATCH_MAX = 1000;

export class JsonRpcServer {
  readonly #server: Server;
  readonly #handler: RpcHandler;

  constructor(handler: RpcHandler) {
    this.#handler = handler;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Returns the URL. @throws Refusal `in-use` when another process holds the port. */
  async start(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? new Refusal("in-use", `port ${port} of 127.0.0.1 is taken`)
            : error,
        );
      });
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (
        request.method !== "POST" ||
        !/^application\/json\b/.test(request.headers["content-type"] ?? "")
      ) {
        response.writeHead(405, { allow: "POST" }).end();
        return;
      }
      const body = await readBody(request);
      const answer =
        body === undefined
          ? failed(null, new RpcError(-32_600, "the request is too large"))
          : await this.#perform(body);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch {
      // The caller has gone; there is nobody to tell.
      response.destroy();
    }
  }

  async #perform(body: string): Promise<unknown> {
    let content: unknown;
    try {
      content = JSON.parse(body);
    } catch {
      return failed(null, new RpcError(-32_700, "the request is not JSON"));
    }
    if (!Array.isArray(content)) return this.#one(content);
    if (content.length === 0 || content.length > BATCH_MAX) {
      return failed(null, new RpcError(-32_600, `a batch has 1 to ${BATCH_MAX} calls`));
    }
    return Promise.all(content.map((call) => this.#one(call)));
  }

  async #one(content: unknown): Promise<unknown> {
    const call = parseCall(content);
    if (call === undefined)
      return failed(
        null,
        new RpcError(-32_600, "not a JSON-RPC 2.0 call with positional parameters"),
      );
    try {
      return {
        jsonrpc: "2.0",
        id: call.id,
        result: (await this.#handler(call.method, call.params)) ?? null,
      };
    } catch (error) {
      return failed(call.id, error);
    }
  }
}

function parseCall(content: unknown): Call | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  const { id = null, method, params = [] } = content as Record<string, unknown>;
  return typeof method === "string" && Array.isArray(params) ? { id, method, params } : undefined;
}

function failed(id: unknown, error: unknown): unknown {
  const { code = -32_603, message = "internal error", data } = error as Partial<RpcError>;
  return { jsonrpc: "2.0", id, error: { code, message, data } };
}

/** The body as text, or undefined when it is longer than the bound. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
