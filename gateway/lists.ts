/** What devices are given to know of the world: what the authority publishes, the member's own revocations and the others'. */
import type { CarriedList } from "../protocol/carried-lists.ts";
import { EMERGENCY_PROFILE, type ListVersion, TRUST_LIST } from "../protocol/list-version.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { EmergencyProfiles } from "./emergency-profiles.ts";
import type { ForeignLists } from "./foreign-lists.ts";
import { Recurring } from "./recurring.ts";
import type { Revocations } from "./revocations.ts";
import type { TrustLists } from "./trust-lists.ts";

export type ListsParts = {
  readonly trust: TrustLists;
  readonly emergency: EmergencyProfiles;
  readonly revocations: Revocations;
  readonly foreign: ForeignLists;
  readonly logger: Logger;
  /** How often all of them are asked for. */
  readonly refreshMs: number;
};

export class Lists {
  readonly #parts: ListsParts;
  readonly #refreshing: Recurring;

  constructor(parts: ListsParts) {
    this.#parts = parts;
    const { refreshMs: everyMs, logger } = parts;
    const failure = "lists are not renewed";
    this.#refreshing = new Recurring({ task: () => this.refresh(), everyMs, logger, failure });
  }

  start(): void {
    this.#refreshing.start();
  }

  async stop(): Promise<void> {
    await this.#refreshing.stop();
  }

  /**
   * What a device lacks that holds these versions, and the member's own list in any case: it carries the
   * time. @throws Refusal `unavailable`.
   */
  async answer(held: readonly ListVersion[]): Promise<CarriedList[]> {
    const { trust, emergency, revocations, foreign } = this.#parts;
    const versions = new Map(held.map(({ member, version }) => [member, version]));
    const own = await revocations.list();
    return [
      ...trust.since(versions.get(TRUST_LIST)),
      ...emergency.since(versions.get(EMERGENCY_PROFILE)),
      { kind: "revocations", bytes: own.bytes },
      ...foreign.since(versions),
    ];
  }

  /** Asks for all that is published. What is not to be had keeps nothing from the rest. */
  async refresh(): Promise<void> {
    const { trust, revocations, foreign, logger } = this.#parts;
    const sources = { revocations, trust, foreign };
    await Promise.all(
      Object.entries(sources).map(async ([lists, source]) => {
        try {
          await source.refresh();
        } catch (error) {
          logger.warn({ err: error, lists }, "lists are not renewed");
        }
      }),
    );
  }
}
