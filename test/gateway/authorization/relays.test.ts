/** Ways to terminals: a mail server and an SMS centre on real sockets, and a file. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { FileRelay } from "../../../gateway/authorization/file-relay.ts";
import { MailRelay } from "../../../gateway/authorization/mail-relay.ts";
import { SmsRelay } from "../../../gateway/authorization/sms-relay.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const TEXT = "Pay 12.50 EUR to Kiosk?\n. A line that begins with a dot\n授权码 1234 5678";

describe("a relay", () => {
  const folder = temporaryFolders();
  const running = new AsyncDisposableStack();
  const portOf = async (server: Server) => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    running.defer(async () => {
      server.close();
      await once(server, "close");
    });
    return (server.address() as AddressInfo).port;
  };
  after(async () => {
    await running.disposeAsync();
  });

  /** A mail server as RFC 5321 has it. @param refusing a command that it refuses. */
  async function mailServer(refusing?: string) {
    const letters: { from: string; to: string; body: string }[] = [];
    const server = createServer((socket) => {
      let [from, to, body, isData] = ["", "", "", false];
      socket.write("220 mail\r\n");
      createInterface(socket).on("line", (line) => {
        if (isData && line !== ".") {
          body += `${line.replace(/^\./, "")}\r\n`;
          return;
        }
        if (refusing !== undefined && line.startsWith(refusing)) {
          return socket.write(`550 5.1.1 ${to || "anna@example.org"}: no such mailbox\r\n`);
        }
        if (line.startsWith("EHLO")) return socket.write("250-mail\r\n250 8BITMIME\r\n");
        if (line.startsWith("MAIL FROM:")) from = line.slice(10);
        if (line.startsWith("RCPT TO:")) to = line.slice(8);
        if (line === "DATA") {
          isData = true;
          return socket.write("354 go on\r\n");
        }
        if (line === "QUIT") return socket.end("221 bye\r\n");
        if (isData) {
          letters.push({ from, to, body });
          isData = false;
        }
        return socket.write("250 ok\r\n");
      });
    });
    return { letters, port: await portOf(server) };
  }
  const relayTo = (port: number) =>
    new MailRelay({ host: "127.0.0.1", port, from: "pay@bank.example", isTls: false });

  it("by mail hands a letter to the bank's server, whatever stands in it [R-119, R-124, R-131]", async () => {
    const { letters, port } = await mailServer();
    await relayTo(port).send("anna@example.org", TEXT);
    await relayTo(port).send("bert@example.org", "x".repeat(500));
    expect(letters.map(({ from, to }) => `${from} ${to}`)).to.deep.equal([
      "<pay@bank.example> <anna@example.org>",
      "<pay@bank.example> <bert@example.org>",
    ]);
    const [head, body] = letters[0]!.body.split("\r\n\r\n");
    expect(head).to.include("charset=utf-8");
    expect(Buffer.from(body!, "base64").toString()).to.equal(TEXT);
    for (const line of letters[1]!.body.split("\r\n")) expect(line.length).to.be.below(79);
  });

  it("by mail fails where the server refuses, or is no server, and names no customer's address", async () => {
    for (const command of ["EHLO", "MAIL", "RCPT", "DATA"]) {
      const { port } = await mailServer(command);
      const error = await relayTo(port)
        .send("anna@example.org", TEXT)
        .catch((caught: unknown) => caught);
      // The log shows it to people who may not know the address.
      expect(error, command)
        .to.be.an("error")
        .with.property("message", "the mail server says 550 5.1.1");
    }
    const gone = await portOf(createServer((socket) => socket.end()));
    const error = await relayTo(gone)
      .send("anna@example.org", TEXT)
      .catch((caught: unknown) => caught);
    expect(error).to.be.an("error");
  });

  it("by SMS posts to the bank's SMS centre, which knows it by its token [R-119, R-139]", async () => {
    const taken: unknown[] = [];
    let status = 202;
    const centre = createHttp((request, response) => {
      void text(request).then((body) => {
        taken.push({ by: request.headers.authorization, ...(JSON.parse(body) as object) });
        response.writeHead(status).end();
      });
    });
    const url = `http://127.0.0.1:${await portOf(centre)}/sms`;
    const relay = new SmsRelay({ url, token: "secret" });
    await relay.send("+4915112345678", TEXT);
    expect(taken).to.deep.equal([{ by: "Bearer secret", to: "+4915112345678", text: TEXT }]);
    status = 500;
    const error = await relay.send("+49151", TEXT).catch((caught: unknown) => caught);
    expect(error).to.be.an("error").with.property("message").that.includes("500");
    centre.closeAllConnections();
  });

  it("by file writes a line each, for its owner's eyes alone [R-127, R-152]", async () => {
    const path = join(await folder(), "messages");
    const relay = new FileRelay(path, () => 5);
    await Promise.all([relay.send("a", TEXT), relay.send("b", "x")]);
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).to.deep.equal([
      { time: 5, address: "a", text: TEXT },
      { time: 5, address: "b", text: "x" },
    ]);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });
});
