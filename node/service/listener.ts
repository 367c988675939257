/** How the server's socket listens: where, with which certificates, and how long a request may take to arrive. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { sha256 } from "#sha256";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { PROBLEM_TYPE, problemOf } from "./problem.ts";

/** PEM texts. Callers must hold a certificate by `authority`. */
export type TlsMaterial = {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
};

/** Whether nobody but this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" || host === "::1" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

/** Options of node:http and node:https alike. */
export function arrivalOptions(receiveTimeoutMs: number) {
  return {
    headersTimeout: receiveTimeoutMs,
    requestTimeout: receiveTimeoutMs,
    // Node looks for late requests no more often than this.
    connectionsCheckingInterval: Math.min(1000, receiveTimeoutMs),
  };
}

/** Both sides show certificates; TLS 1.3 alone. */
export function tlsOptions({ certificate, key, authority }: TlsMaterial) {
  return {
    cert: certificate,
    key,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
  } as const;
}

/** SHA-256 of the certificate that the other side has shown and holds the key of, if it has one. */
export function certificateOf(socket: Socket): Hex | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { raw } = socket.getPeerCertificate() as { raw?: Uint8Array };
  return raw === undefined ? undefined : toHex(sha256(raw));
}

/** What an operator can do about a port that cannot be had. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return new Refusal("in-use", `port ${port} on ${host} is taken`);
  if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new Refusal(
      "bad-configuration",
      `port ${port} on ${host} cannot be listened to (${code})`,
    );
  }
  return error;
}

/** Answers what is no HTTP, or came too slowly, and hangs up. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const refusal = new Refusal(
    "malformed",
    late ? "the request took too long to arrive" : "this is no HTTP request",
  );
  const body = JSON.stringify(problemOf(refusal, crypto.randomUUID()));
  const head = [
    "HTTP/1.1 400 Bad Request",
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
