/**
 * Tells holders, on all terminals of theirs, what happens to their service as it happens: so that nobody opens,
 * changes or tries it unseen. A terminal that cannot be reached holds up nothing: how many were told is said.
 */
import { isRefusal } from "../../protocol/refusal.ts";
import { type Notice, noticeText } from "./message-words.ts";
import type { Relays } from "./relay.ts";
import type { Service } from "./services.ts";

export class Notices {
  readonly #relays: Relays;

  constructor(relays: Relays) {
    this.#relays = relays;
  }

  /** @returns on how many terminals the holder was told. */
  async tell({ terminals }: Pick<Service, "terminals">, notice: Notice): Promise<number> {
    const told = await Promise.all(
      terminals.map(async (terminal) => {
        try {
          await this.#relays.send(terminal, noticeText(terminal.language, notice));
          return 1;
        } catch (error) {
          // The relay has logged it.
          if (isRefusal(error, "unavailable")) return 0;
          throw error;
        }
      }),
    );
    return told.reduce<number>((sum, each) => sum + each, 0);
  }
}
