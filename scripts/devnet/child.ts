/** A service in a process of its own. It ends with the process that started it, and says why it ended before. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync } from "node:fs";
import type { ServiceMessage } from "../../node/service/process.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type ChildOptions = {
  /** How it is called in messages. */
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Where what it prints goes. */
  readonly log: string;
};

/** How long a process may take to end before it is killed. */
const STOP_MS = 10_000;

export class Child {
  readonly name: string;
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get isRunning(): boolean {
    return (
      this.#process !== undefined &&
      this.#process.exitCode === null &&
      this.#process.signalCode === null
    );
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts it. @returns its first message.
   * @throws Refusal as it refuses; Error if it ended without a word.
   */
  async start<Message = ServiceMessage>(): Promise<Message> {
    const { script, args, log } = this.#options;
    const output = openSync(log, "a");
    const child = fork(script, args, { stdio: ["ignore", output, output, "ipc"] });
    closeSync(output);
    this.#process = child;
    const [message] = (await Promise.race([once(child, "message"), this.#endOf(child)])) as [
      { kind: string; code?: string | null; detail?: string },
    ];
    if (message.kind !== "failed") return message as Message;
    if (message.code) throw new Refusal(message.code as never, `${this.name}: ${message.detail}`);
    throw new Error(`${this.name} did not start: ${message.detail} (see ${log})`);
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Ends it without a chance to do anything. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Resolves with its exit code when it ends, however it does. */
  async ended(): Promise<number | null> {
    if (!this.isRunning) return this.#process?.exitCode ?? null;
    const [code] = (await once(this.#process!, "exit")) as [number | null];
    return code;
  }

  async #endOf(child: ChildProcess): Promise<never> {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    throw new Error(
      `${this.name} ended with ${signal ?? `code ${code}`} (see ${this.#options.log})`,
    );
  }
}
