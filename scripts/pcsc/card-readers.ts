/**
 * The card readers of this machine, and the cards in them, one at a time: whoever takes a card has it until
 * it lets go, and is not shown the same card again before it was away.
 *
 * Where a driver does not tell of cards that go, the service looks now and then, Debian's every 400 ms: a card that
 * was torn out and put back sooner was never away for it. So a reader whose card has stopped answering is asked
 * again, until something answers or the service has seen the card go.
 */
import { setTimeout as sleep } from "node:timers/promises";
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
const STATUS_LENGTH = 2;
/** More often than a hand can tell, and for longer than the service takes to look. */
const RETRY_MS = 100;
const RETRIES = 15;
/** SELECT without a name: whoever takes a card selects what it wants anyway. */
const PROBE = new Uint8Array([0x00, 0xa4, 0x04, 0x00, 0x00]);

/** A reader, and what the service says of the card in it. */
type Slot = {
  readonly reader: Reader;
  isPresent: boolean;
  /** How many cards have gone. */
  departures: number;
};

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
      const slot: Slot = { reader, isPresent: false, departures: 0 };
      reader.on("change", (status) => {
        const wasPresent = slot.isPresent;
        slot.isPresent = this.#isPresent(status);
        if (slot.isPresent && !wasPresent) this.#take(slot);
        if (!slot.isPresent && wasPresent) slot.departures += 1;
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
  #take(slot: Slot): void {
    this.#last = this.#last.then(() => this.#talk(slot)).catch(this.#report);
  }

  /** Until the card has been dealt with, or the service has seen it go. */
  async #talk(slot: Slot): Promise<void> {
    const { departures } = slot;
    let isThere = true;
    while (isThere) {
      const isLost = await this.#use(slot.reader, this.#handle);
      isThere = isLost && (await this.#isBack(slot, departures));
    }
  }

  /** Whether a card answers again that is not about to come as a new one does. */
  async #isBack(slot: Slot, departures: number): Promise<boolean> {
    for (let i = 0; i < RETRIES; i++) {
      await sleep(RETRY_MS);
      if (slot.departures !== departures) return false;
      const isLost = await this.#use(slot.reader, probe).catch(() => true);
      if (!isLost) return true;
    }
    return false;
  }

  /** @returns whether the card has stopped answering. */
  async #use(reader: Reader, handle: CardHandler): Promise<boolean> {
    const { CardMode, CardDisposition } = this.#pcsc;
    const name = reader.name();
    const card = await reader.connect(CardMode.EXCLUSIVE).catch((cause: Error) => {
      throw new Refusal("unavailable", `the card in ${name} cannot be used (${cause.message})`);
    });
    const channel = new ReaderChannel(card);
    try {
      await handle(channel, name);
    } finally {
      // A card that is gone need not be let go of.
      await card.disconnect(CardDisposition.LEAVE).catch(() => undefined);
    }
    return channel.isLost;
  }
}

/** Says what any card answers. */
async function probe(channel: CardChannel): Promise<void> {
  await channel.transmit(PROBE);
}

/**
 * The binding reads a command and writes a response on another thread, and holds on to neither: what the
 * collector moved or took away in the meantime would be sent in its place. So both are in memory of their own
 * for as long as the channel is there; there is one APDU at a time.
 */
class ReaderChannel implements CardChannel {
  /** Whether the card has not answered the last command. */
  isLost = false;
  readonly #card: Card;
  readonly #commands = new Uint8Array(new ArrayBuffer(COMMAND_MAX));
  readonly #responses = new ArrayBuffer(RESPONSE_MAX);

  constructor(card: Card) {
    this.#card = card;
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    this.#commands.set(command);
    const sent = this.#commands.subarray(0, command.length);
    this.isLost = true;
    const response = await this.#card.transmit(sent, this.#responses);
    // Some drivers give no error when the card is gone, and no response either.
    if (response.length < STATUS_LENGTH) throw new Error("the card has sent no response");
    this.isLost = false;
    return response.slice();
  }
}

function serviceProblem(cause: Error): Refusal {
  return new Refusal(
    "unavailable",
    `the card service does not answer (${cause.message}): start pcscd, and this again`,
  );
}
