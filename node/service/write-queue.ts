/**
 * One write at a time; those that wait meanwhile go together as the next, so that one sync serves
 * them all. After a write that failed none follows: what it left behind is unknown. What must see no
 * write halfway goes between two of them.
 */

type Waiting<Item> = {
  readonly items: readonly Item[];
  /** Makes a write of its own. */
  readonly write?: () => Promise<void>;
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
    await this.#add({ items });
  }

  /** As `add`, of one that goes alone: `write` is called when its turn has come. */
  async addAlone(write: () => Promise<void>): Promise<void> {
    await this.#add({ items: [], write });
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

  async #add(entry: Pick<Waiting<Item>, "items" | "write">): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ ...entry, done, failed });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#between.length > 0) {
      for (const work of this.#between.splice(0)) await work();
      if (this.#waiting.length === 0) continue;
      const group = this.#nextGroup();
      const [{ write }] = group;
      try {
        await (write === undefined ? this.#write(group.flatMap((each) => each.items)) : write());
        for (const each of group) each.done();
      } catch (error) {
        for (const each of [...group, ...this.#waiting.splice(0)]) each.failed(error);
      }
    }
    this.#running = undefined;
  }

  #nextGroup(): [Waiting<Item>, ...Waiting<Item>[]] {
    const group: [Waiting<Item>, ...Waiting<Item>[]] = [this.#waiting.shift()!];
    if (group[0].write !== undefined) return group;
    let items = group[0].items.length;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      items += next.items.length;
      if (next.write !== undefined || items > this.#itemsMax) break;
      group.push(this.#waiting.shift()!);
    }
    return group;
  }
}
