/** Changes of a service, as a customer or the staff ask for them: made in turn, and the holder is told at once. */
import { isDeepStrictEqual } from "node:util";
import { parseMinorUnits } from "../../protocol/money.ts";
import type { Notice } from "./message-words.ts";
import type { Notices } from "./notices.ts";
import type { OnlineLimits } from "./online-limits.ts";
import type { Service, ServiceChannel, ServiceId, Services } from "./services.ts";
import type { NewTerminal } from "./terminals.ts";

export type AskedChange = {
  readonly limits?: { readonly perPayment?: string | null; readonly perDay?: string | null };
  readonly mayDesignate?: boolean;
  readonly newPassword?: string;
  readonly addTerminal?: NewTerminal;
  readonly removeTerminal?: string;
  readonly unlock?: true;
  readonly cancel?: true;
};

export class ServiceChanges {
  readonly #services: Services;
  readonly #notices: Notices;

  constructor(services: Services, notices: Notices) {
    this.#services = services;
    this.#notices = notices;
  }

  /**
   * @returns the service as it is then, and on how many terminals the holder was told.
   * @throws Refusal as `Services` does.
   */
  async make(
    id: ServiceId,
    asked: AskedChange,
    by: ServiceChannel,
  ): Promise<{ service: Service; told: number }> {
    const before = await this.#services.get(id);
    const said = { notice: noticeOf(asked), terminals: before.terminals };
    try {
      const service = await this.#change(before, asked, by);
      return { service, told: await this.#tell(said) };
    } catch (error) {
      // What came before the refusal stays changed, and a change that nobody hears of is an intruder's.
      const left = await this.#services.get(id);
      if (!isDeepStrictEqual(left, before)) await this.#tell(said);
      throw error;
    }
  }

  /** On the terminals of before: whoever changes them does not keep it from the holder. */
  #tell({ terminals, notice }: Pick<Service, "terminals"> & { notice: Notice }): Promise<number> {
    return this.#notices.tell({ terminals }, notice);
  }

  async #change(before: Service, asked: AskedChange, by: ServiceChannel): Promise<Service> {
    const services = this.#services;
    const { id } = before;
    let service = before;
    const { limits, mayDesignate, newPassword: password } = asked;
    if (asked.unlock) service = await services.unlock(id);
    if (asked.addTerminal) service = await services.addTerminal(id, asked.addTerminal);
    if (asked.removeTerminal) service = await services.removeTerminal(id, asked.removeTerminal);
    if (limits !== undefined || mayDesignate !== undefined || password !== undefined) {
      service = await services.change(id, {
        ...(limits === undefined ? {} : { limits: limitsAfter(before.limits, limits) }),
        ...(mayDesignate === undefined ? {} : { mayDesignate }),
        ...(password === undefined ? {} : { password }),
      });
    }
    if (asked.cancel) service = await services.cancel(id, by);
    return service;
  }
}

function noticeOf({ cancel, unlock }: AskedChange): Notice {
  return cancel ? "cancelled" : unlock ? "unlocked" : "changed";
}

/** Null takes a limit off; what is not named stays. */
function limitsAfter(
  before: OnlineLimits,
  asked: NonNullable<AskedChange["limits"]>,
): OnlineLimits {
  const perPayment = limitAfter(before.perPayment, asked.perPayment);
  const perDay = limitAfter(before.perDay, asked.perDay);
  return {
    ...(perPayment === undefined ? {} : { perPayment }),
    ...(perDay === undefined ? {} : { perDay }),
  };
}

function limitAfter(before: bigint | undefined, asked: string | null | undefined) {
  if (asked === undefined) return before;
  return asked === null ? undefined : parseMinorUnits(asked);
}
