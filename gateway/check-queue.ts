/**
 * Whose signatures are checked next. One request after another, so that the first is answered before the last is looked
 * at, and those of the member's own devices before strangers'. What has waited too long is turned away before any
 * work is done for it: whoever asked is about to go away, and then the work would have been for nobody. So a gateway
 * that is asked for more than it can do goes on doing as much as it can.
 */
import { limits } from "../protocol/limits.ts";
import { Refusal } from "../protocol/refusal.ts";

/** Who asks: a device of the member's own, or a stranger; and whether it has gone away since. */
export type AskingParty = { readonly isOwn?: boolean; readonly signal?: AbortSignal };

type Waiting = {
  readonly leaves: number;
  readonly since: number;
  readonly isGone: () => boolean;
  readonly begin: () => void;
  readonly refuse: (refusal: Refusal) => void;
};

export class CheckQueue {
  readonly #clock: () => number;
  readonly #own: Waiting[] = [];
  readonly #strangers: Waiting[] = [];
  #leaves = 0;
  #isChecking = false;

  /** @param clock that only goes forward: a clock that is put right keeps nobody waiting. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Leaves that wait or are being checked. */
  get leaves(): number {
    return this.#leaves;
  }

  /** Turns strangers away while those before them have waited for long. @throws Refusal `busy`. */
  checkRoom(): void {
    const [first] = this.#strangers;
    if (first === undefined || this.#clock() - first.since <= limits.checkWaitMaxMs / 2) return;
    throw new Refusal("busy", "more comes than can be checked in time");
  }

  /** Checks that many leaves when it is their turn. @throws Refusal `busy`; what `check` throws. */
  async run<T>(leaves: number, by: AskingParty, check: () => Promise<T>): Promise<T> {
    await this.#turn(leaves, by);
    try {
      return await check();
    } finally {
      this.#leaves -= leaves;
      this.#isChecking = false;
      this.#next();
    }
  }

  async #turn(leaves: number, { isOwn = false, signal }: AskingParty): Promise<void> {
    const most = (isOwn ? 2 : 1) * limits.leavesWaitingMax;
    if (this.#leaves + leaves > most)
      throw new Refusal("busy", `${this.#leaves} leaves wait to be checked, as many as may`);
    this.#leaves += leaves;
    const { promise, resolve: begin, reject: refuse } = Promise.withResolvers<void>();
    const queue = isOwn ? this.#own : this.#strangers;
    const isGone = () => signal?.aborted === true;
    queue.push({ leaves, since: this.#clock(), isGone, begin, refuse });
    this.#next();
    await promise;
  }

  #next(): void {
    while (!this.#isChecking) {
      const waiting = this.#own.shift() ?? this.#strangers.shift();
      if (waiting === undefined) return;
      if (waiting.isGone() || this.#clock() - waiting.since > limits.checkWaitMaxMs) {
        this.#leaves -= waiting.leaves;
        waiting.refuse(new Refusal("busy", "more comes than can be checked in time"));
        continue;
      }
      this.#isChecking = true;
      waiting.begin();
    }
  }
}
