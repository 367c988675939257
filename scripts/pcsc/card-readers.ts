/**
 * The card readers of this machine, and the cards in them, one at a time: whoever takes a card has it until
 * it lets go, and is not shown the same card again before it was away.
 */
import type { CardChannel } from "../../device/nfc/card-client.ts";
import { Refusal } from "../../protocol/refusal.ts";
import {
  type Card,
  loadPcsc,
  type Pcsc,
  type PcscClient,
  type Reader,
  type ReaderStatusFlags,
} from "./pcsc-binding.ts";

/** Does what is to be done with a card that has come. */
export type CardHandler = (channel: CardChannel, reader: string) => Promise<void>;

/** The longest command at extended length, and the longest response: 65,536 bytes and a status word. */
const COMMAND_MAX = 65_544;
const RESPONSE_MAX = 65_538;

export class CardReaders implements Disposable {
  readonly #pcsc: Pcsc;
  readonly #client: PcscClient;
  readonly #handle: CardHandler;
  readonly #report: (problem: unknown) => void;
  readonly #names = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  private constructor(pcsc: Pcsc, handle: CardHandler, report: (problem: unknown) => void) {
    this.#pcsc = pcsc;
    this.#handle = handle;
    this.#report = report;
    this.#client = new pcsc.Client();
  }

  /**
   * Watches every reader, those that come later too.
   * @param report what goes wrong with readers, and what a handler throws.
   * @throws Refusal `unavailable` where the binding is not installed, or the service does not run.
   */
  static async watch(
    handle: CardHandler,
    report: (problem: unknown) => void,
  ): Promise<CardReaders> {
    const readers = new CardReaders(await loadPcsc(), handle, report);
    readers.#watch();
    return readers;
  }

  /** Names of the readers that are there. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  [Symbol.dispose](): void {
    this.#client.stop();
  }

  #watch(): void {
    this.#client.on("error", (problem) => this.#report(serviceProblem(problem)));
    this.#client.on("reader", (reader) => {
      const name = reader.name();
      this.#names.add(name);
      let isPresent = false;
      reader.on("change", (status) => {
        const wasPresent = isPresent;
        isPresent = this.#isPresent(status);
        if (isPresent && !wasPresent) this.#take(reader);
      });
      reader.on("disconnect", () => this.#names.delete(name));
    });
    try {
      this.#client.start();
    } catch (error) {
      throw serviceProblem(error as Error);
    }
  }

  #isPresent(status: ReaderStatusFlags): boolean {
    const { PRESENT, MUTE } = this.#pcsc.ReaderStatus;
    return status.has(PRESENT) && !status.hasAny(MUTE);
  }

  /** One card after the other. */
  #take(reader: Reader): void {
    this.#last = this.#last.then(() => this.#talk(reader)).catch(this.#report);
  }

  async #talk(reader: Reader): Promise<void> {
    const { CardMode, CardDisposition } = this.#pcsc;
    const card = await reader.connect(CardMode.EXCLUSIVE).catch((cause: Error) => {
      throw new Refusal(
        "unavailable",
        `the card in ${reader.name()} cannot be used (${cause.message})`,
      );
    });
    try {
      await this.#handle(channelOf(card), reader.name());
    } finally {
      // A card that is gone need not be let go of.
      await card.disconnect(CardDisposition.LEAVE).catch(() => undefined);
    }
  }
}

/**
 * The binding reads a command and writes a response on another thread, and holds on to neither: what the
 * collector moved or took away in the meantime would be sent in its place. So both are in memory of their own
 * for as long as the channel is there; there is one APDU at a time.
 */
function channelOf(card: Card): CardChannel {
  const commands = new Uint8Array(new ArrayBuffer(COMMAND_MAX));
  const responses = new ArrayBuffer(RESPONSE_MAX);
  return {
    async transmit(command) {
      commands.set(command);
      const response = await card.transmit(commands.subarray(0, command.length), responses);
      return response.slice();
    },
  };
}

function serviceProblem(cause: Error): Refusal {
  return new Refusal(
    "unavailable",
    `the card service does not answer (${cause.message}): start pcscd, and this again`,
  );
}
