/** One task at a time, in the order they came: for what reads, decides and writes, and must not be interleaved. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` after those before it, whether they failed or not. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
