/**
 * One write at a time; those that wait meanwhile go together as the next, so that one sync serves
 * them all. After a write that failed none follows: what it left behind is unknown. What must see no
 * write halfway goes between two of them.
 */

type Waiting<Item> = {
  readonly items: readonly Item[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
};

export class WriteQueue<Item> {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  readonly #itemsMax: number;
  #waiting: Waiting<Item>[] = [];
  #between: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /**
   * @param write makes items durable, all or none.
   * @param itemsMax more than this go together only if they came together.
   */
  constructor(write: (items: readonly Item[]) => Promise<void>, itemsMax: number) {
    this.#write = write;
    this.#itemsMax = itemsMax;
  }

  /** Resolves when `items` are durable; rejects with what their write, or one before, threw. */
  async add(items: readonly Item[]): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ items, done, failed });
      this.#running ??= this.#run();
    });
  }

  /** Does `work` while no write is under way; those that are asked for meanwhile wait. */
  async between<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<Promise<T>>();
    this.#between.push(async () => {
      const done = work();
      resolve(done);
      await done.catch(() => undefined);
    });
    this.#running ??= this.#run();
    return await promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#between.length > 0) {
      if (this.#between.length > 0)
        await Promise.all(this.#between.splice(0).map((work) => work()));
      if (this.#waiting.length === 0) continue;
      const group = this.#nextGroup();
      try {
        await this.#write(group.flatMap((each) => each.items));
        for (const each of group) each.done();
      } catch (error) {
        for (const each of [...group, ...this.#waiting.splice(0)]) each.failed(error);
      }
    }
    this.#running = undefined;
  }

  #nextGroup(): Waiting<Item>[] {
    let length = 0;
    for (let items = 0; length < this.#waiting.length; length++) {
      items += this.#waiting[length]!.items.length;
      if (length > 0 && items > this.#itemsMax) break;
    }
    return this.#waiting.splice(0, length);
  }
}
