/** What members guarantee for each device, as the registry keeps it: a lower one comes into force later. */
import type { MemberId } from "../../protocol/output.ts";

export class Guarantees {
  readonly #claimPeriodS: number;
  readonly #initial: bigint;
  readonly #rows = new Map<MemberId, { current: bigint; next: bigint; fromS: number }>();

  /** @param initial what every member guarantees before it announces anything. */
  constructor(claimPeriodS: number, initial = 0n) {
    this.#claimPeriodS = claimPeriodS;
    this.#initial = initial;
  }

  /** The guarantee in force. */
  of(member: MemberId, timeS: number): bigint {
    const row = this.#rows.get(member);
    if (row === undefined) return this.#initial;
    return timeS < row.fromS ? row.current : row.next;
  }

  /** Announces a guarantee: a higher one counts at once, a lower one after the last second of `claimPeriod`. */
  set(member: MemberId, next: bigint, timeS: number): void {
    const current = this.of(member, timeS);
    const fromS = next < current ? timeS + this.#claimPeriodS + 1 : timeS;
    this.#rows.set(member, { current, next, fromS });
  }
}
