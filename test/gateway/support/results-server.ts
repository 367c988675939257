/** A merchant's server, as far as it hears of results: it checks the bank's signature, and answers as it is told. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { decodeBase64Url } from "../../../protocol/base64url.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { message } from "../../../protocol/message.ts";
import { portableVerifier } from "../../../protocol/signature.ts";
import { networkId } from "../../support/ledger-parts.ts";

export type Result = {
  readonly result: string;
  readonly to: string;
  readonly number: string;
  readonly state: string;
} & Record<string, unknown>;

export class ResultsServer implements AsyncDisposable {
  readonly results: Result[] = [];
  /** Tries that came with no good signature. */
  forged = 0;
  tries = 0;
  /** What came last, as it came. */
  last = { body: "", signature: "" };
  status = 204;
  /** One that it will not hear, though it hears others. */
  refuses = (_result: Result): boolean => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param issuer the public key that the bank signs with. */
  static async start(issuer: Uint8Array): Promise<ResultsServer> {
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        own.tries += 1;
        const header = String(request.headers["tallystick-signature"]);
        const signature = decodeBase64Url(header);
        own.last = { body, signature: header };
        const signed = message("result", networkId, utf8.encode(body));
        const isSigned = portableVerifier.verify(issuer, signed, signature);
        if (!isSigned) own.forged += 1;
        const result = JSON.parse(body) as Result;
        const status = own.refuses(result) ? 500 : own.status;
        if (isSigned && status < 300) own.results.push(result);
        response.writeHead(status).end();
      });
    });
    const own = new ResultsServer(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return own;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/results`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
