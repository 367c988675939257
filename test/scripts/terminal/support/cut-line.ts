/** The line between a card and its reader, watched: at one command it is cut, and the card has no power any more. */
import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** The last piece of a command: before the card has it, or after it has answered and before the reader hears. */
export type Cut = { readonly ins: number; readonly isSeen: boolean };

export class CutLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #reader: number;
  readonly #sockets = new Set<Socket>();
  /** Takes the card's power. */
  cutOff: () => Promise<void> = async () => undefined;
  cut: Cut | undefined;
  #command: Buffer = Buffer.alloc(0);

  private constructor(reader: number) {
    this.#reader = reader;
    this.#server = createServer((card) => this.#join(card));
  }

  /** @param reader the virtual reader's port. */
  static async open(reader: number): Promise<CutLine> {
    const line = new CutLine(reader);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(card: Socket): void {
    const reader = connect(this.#reader, "127.0.0.1");
    for (const socket of [card, reader]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        card.destroy();
        reader.destroy();
      });
    }
    this.#carry(reader, card, false);
    this.#carry(card, reader, true);
  }

  #carry(from: Socket, to: Socket, isAnswer: boolean): void {
    let bytes = Buffer.alloc(0);
    from.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const end = 2 + bytes.readUInt16BE(0);
        this.#pass(bytes.subarray(0, end), to, isAnswer);
        bytes = bytes.subarray(end);
      }
    });
  }

  #pass(frame: Buffer, to: Socket, isAnswer: boolean): void {
    if (!isAnswer) this.#command = frame.subarray(2);
    // A command of one byte is a control; of a class with the bit 10, more of it follows.
    const [cla = 0, ins] = this.#command.length > 1 ? this.#command : [];
    const isLast = (cla & 0x10) === 0;
    if (isLast && ins === this.cut?.ins && isAnswer === this.cut?.isSeen) {
      this.cut = undefined;
      void this.cutOff();
    } else {
      to.write(frame);
    }
  }
}
