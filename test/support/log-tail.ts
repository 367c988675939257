/** Reads a process's log file as it grows, and says at once what was written to it. */
import { closeSync, type FSWatcher, openSync, readSync, watch } from "node:fs";

export type LogLine = {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
};

export class LogTail implements Disposable {
  readonly lines: LogLine[] = [];
  readonly #file: number;
  readonly #watcher: FSWatcher;
  readonly #buffer = Buffer.alloc(64 * 1024);
  #rest = "";
  #listener: (line: LogLine) => void = () => undefined;

  /** From the file's start; made if it is not there yet. */
  constructor(path: string) {
    this.#file = openSync(path, "a+", 0o600);
    this.#watcher = watch(path, () => this.#read());
    this.#read();
  }

  /** The next line that `isIt`; `act` is called with it before anything else happens here. */
  async next(isIt: (line: LogLine) => boolean, act: () => void, ms: number): Promise<LogLine> {
    const found = Promise.withResolvers<LogLine>();
    const timer = setTimeout(
      () => found.reject(new Error(`the log did not say it within ${ms} ms`)),
      ms,
    );
    this.#listener = (line) => {
      if (!isIt(line)) return;
      this.#listener = () => undefined;
      act();
      found.resolve(line);
    };
    return await found.promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
    closeSync(this.#file);
  }

  #read(): void {
    for (;;) {
      const length = readSync(this.#file, this.#buffer);
      if (length === 0) return;
      const parts = (this.#rest + this.#buffer.toString("utf8", 0, length)).split("\n");
      this.#rest = parts.pop()!;
      for (const text of parts) this.#take(text);
    }
  }

  /** Node's own warnings are no JSON. */
  #take(text: string): void {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as LogLine;
    this.lines.push(line);
    this.#listener(line);
  }
}
