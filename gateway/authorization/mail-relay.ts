/**
 * Messages to mailboxes, by the bank's own mail server (RFC 5321): one short session each, over TLS, or in the
 * clear to a server on this machine. The server knows us by the certificate or the address that we come from.
 */
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import type { Relay } from "./relay.ts";

export type MailRelayOptions = {
  readonly host: string;
  readonly port: number;
  /** The bank's own address. */
  readonly from: string;
  readonly isTls: boolean;
};

const TIMEOUT_MS = 10_000;

export class MailRelay implements Relay {
  readonly #options: MailRelayOptions;

  constructor(options: MailRelayOptions) {
    this.#options = options;
  }

  /** @param to checked: no character of it means anything to a mail server. */
  async send(to: string, text: string): Promise<void> {
    const { host, port, from, isTls } = this.#options;
    const socket = isTls
      ? connectTls({ host, port, servername: host })
      : connectPlain({ host, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("the mail server is silent")));
    try {
      await once(socket, isTls ? "secureConnect" : "connect");
      await converse(socket, [
        [undefined, 220],
        [`EHLO ${hostname()}`, 250],
        [`MAIL FROM:<${from}>`, 250],
        [`RCPT TO:<${to}>`, 250],
        ["DATA", 354],
        [letter(from, to, text), 250],
        ["QUIT", 221],
      ]);
    } finally {
      socket.destroy();
    }
  }
}

/** Says each line and waits for the code that it needs. @throws Error with what the server says instead. */
async function converse(
  socket: Socket,
  steps: readonly (readonly [line: string | undefined, code: number])[],
): Promise<void> {
  const replies = createInterface(socket)[Symbol.asyncIterator]();
  for (const [line, code] of steps) {
    if (line !== undefined) socket.write(`${line}\r\n`);
    for (;;) {
      const { value: reply, done } = await replies.next();
      if (done === true) throw socket.errored ?? new Error("the mail server hung up");
      // A hyphen after the code: more lines follow.
      if (/^\d{3}-/.test(reply)) continue;
      if (!reply.startsWith(String(code))) throw new Error(refusalIn(reply));
      break;
    }
  }
}

/** In codes alone (RFC 5321, RFC 3463): the rest of the line is likely to name the customer's address. */
function refusalIn(reply: string): string {
  const [codes] = /^\d{3}(?: \d\.\d{1,3}\.\d{1,3}\b)?/.exec(reply) ?? ["no code"];
  return `the mail server says ${codes}`;
}

/** The text in base64, so that no line of it is too long or begins with a dot. */
function letter(from: string, to: string, text: string): string {
  const body = Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n");
  return [
    `From: <${from}>`,
    `To: <${to}>`,
    `Date: ${new Date().toUTCString()}`,
    "Subject: Tallystick",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    body,
    ".",
  ].join("\r\n");
}
