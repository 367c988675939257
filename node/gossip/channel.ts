/** A stream between two peers, cut into messages of bounded length. */
import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { Refusal } from "../../protocol/refusal.ts";

export type Channel = {
  /** Whom it leads to: authenticated by the connection. */
  readonly peer: string;
  /** The next message, undefined at the end. @throws Refusal `too-large`, `malformed` on a length that is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when there is room for more. @throws Error once the channel is closed. */
  write(message: Uint8Array): Promise<void>;
  /** Ends both directions at once. */
  abort(reason: Error): void;
};

/** What a peer may send on one stream before it hears that there is room for more. */
export const WINDOW_BYTES = 4 * 1024 * 1024;

/** @param bytesMax of one message that comes in. */
export function makeChannel(peer: string, stream: Stream, bytesMax: number): Channel {
  const messages = lpStream(stream, {
    maxDataLength: bytesMax,
    // A message that is not whole yet, and what may come at one blow: a window, and what follows it.
    maxBufferSize: bytesMax + 2 * WINDOW_BYTES,
  });
  return {
    peer,
    async read() {
      try {
        return (await messages.read()).subarray();
      } catch (error) {
        const { name } = error as Error;
        if (name === "UnexpectedEOFError") return undefined;
        if (name === "InvalidDataLengthError") {
          throw new Refusal("too-large", `a message has more than ${bytesMax} bytes`);
        }
        if (name === "InvalidDataLengthLengthError" || name === "InvalidMessageLengthError") {
          throw new Refusal("malformed", "a message begins with no length");
        }
        throw new Error(`the stream to ${peer} broke`, { cause: error });
      }
    },
    async write(message) {
      try {
        await messages.write(message);
      } catch (error) {
        throw new Error(`the stream to ${peer} broke`, { cause: error });
      }
    },
    abort(reason) {
      stream.abort(reason);
    },
  };
}
