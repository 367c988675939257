/**
 * A card in a virtual reader, by the protocol of vsmartcard's vpcd: the card connects, and the reader sends
 * frames, length u16 and bytes. One byte is a control: 0 power off, 1 power on, 2 reset, 4 what the card
 * answers to a reset. Anything longer is an APDU, and the response goes back in a frame.
 */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { Refusal } from "../../protocol/refusal.ts";
import { Writer } from "../../protocol/bytes.ts";
import { answerToReset } from "./answer-to-reset.ts";

/** What runs on the card from one power on to the next. */
export type Application = { handle(apdu: Uint8Array): Promise<Uint8Array> };

/** Where vpcd listens unless it is told otherwise. */
export const VPCD_PORT = 35_963;

const control = { powerOff: 0, powerOn: 1, reset: 2, answerToReset: 4 } as const;

/** How a line ends that one of its ends lets go of. */
const ENDS: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"]);

export class VirtualCard implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #start: () => Application;
  readonly #run: Promise<void>;
  #application: Application | undefined;

  private constructor(socket: Socket, start: () => Application) {
    this.#socket = socket;
    this.#start = start;
    this.#run = this.#serve();
  }

  /** Puts the card into the reader. @throws Refusal `unavailable` where no virtual reader listens. */
  static async insert(host: string, port: number, start: () => Application): Promise<VirtualCard> {
    const socket = connect(port, host);
    try {
      await once(socket, "connect");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Refusal(
        "unavailable",
        `no virtual card reader at ${host}:${port} (${code}): start pcscd, with vsmartcard-vpcd installed`,
      );
    }
    socket.setNoDelay();
    return new VirtualCard(socket, start);
  }

  /** Until the card is out of the reader. @throws what its application throws: the card is mute. */
  get out(): Promise<void> {
    return this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#run;
  }

  async #serve(): Promise<void> {
    try {
      for await (const frame of framesFrom(this.#socket)) {
        const answer = frame.length === 1 ? this.#control(frame[0]!) : await this.#handle(frame);
        if (answer !== undefined)
          this.#socket.write(new Writer(answer.length + 2).long(answer).done());
      }
    } finally {
      this.#socket.destroy();
    }
  }

  #control(code: number): Uint8Array | undefined {
    if (code === control.answerToReset) return answerToReset();
    const hasPower = code === control.powerOn || code === control.reset;
    this.#application = hasPower ? this.#start() : undefined;
    return undefined;
  }

  async #handle(apdu: Uint8Array): Promise<Uint8Array> {
    // A reader that found the card by asking for its answer to reset alone has given it power.
    this.#application ??= this.#start();
    return this.#application.handle(apdu);
  }
}

/** Whole frames, until the reader is gone. */
async function* framesFrom(socket: Socket): AsyncGenerator<Uint8Array> {
  let bytes = Buffer.alloc(0);
  try {
    for await (const piece of socket) {
      bytes = Buffer.concat([bytes, piece as Buffer]);
      while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const end = 2 + bytes.readUInt16BE(0);
        yield new Uint8Array(bytes.subarray(2, end));
        bytes = bytes.subarray(end);
      }
    }
  } catch (error) {
    if (!ENDS.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}
