/**
 * An implementation as a program: a command a line on its standard input, an answer a line on its standard
 * output. Killed, it has lost its power; started again, it has what it had kept. Node only.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { isRefusal } from "../../protocol/refusal.ts";
import {
  type Command,
  type CommandName,
  formatCommand,
  type Given,
  parseReply,
  type Reply,
} from "./command.ts";
import { BrokenOff, type Channel } from "./subject.ts";

export type ProcessChannelOptions = {
  /** How long an answer may take. */
  readonly timeoutMs?: number;
};

/** What a program said last on standard error, as far as it helps its maker. */
const STDERR_MAX = 2000;
/** As much of a line that is no answer. */
const LINE_SHOWN = 200;

export class ProcessChannel implements Channel {
  readonly #command: readonly string[];
  readonly #timeoutMs: number;
  #program: Program | undefined;
  #id = 0;

  /** @param command the program and its arguments, the same at every start. */
  constructor(command: readonly string[], { timeoutMs = 20_000 }: ProcessChannelOptions = {}) {
    this.#command = command;
    this.#timeoutMs = timeoutMs;
  }

  async ask<N extends CommandName>(
    name: N,
    given: Given<N>,
    cutAt?: number,
  ): Promise<Reply<N> | undefined> {
    this.#program ??= new Program(this.#command);
    const command = { id: ++this.#id, name, given, cutAt } as unknown as Command;
    const line = await this.#program.exchange(formatCommand(command), this.#timeoutMs);
    if (line === undefined) return this.#ended(name, cutAt);
    try {
      return parseReply(command.id, name, line);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.restart();
      const shown = line.slice(0, LINE_SHOWN);
      throw new BrokenOff(`the answer to ${name} is none: ${error.message}, in ${shown}`);
    }
  }

  async restart(): Promise<void> {
    await this.#program?.kill();
    this.#program = undefined;
  }

  async twin(): Promise<Channel> {
    return new ProcessChannel(this.#command, { timeoutMs: this.#timeoutMs });
  }

  close(): Promise<void> {
    return this.restart();
  }

  /** There is no answer: the power was cut, as it was told to be, or the program has failed. */
  async #ended(name: CommandName, cutAt: number | undefined): Promise<undefined> {
    const { hasEnded, said } = this.#program!;
    await this.restart();
    if (!hasEnded) throw new BrokenOff(`${name} was not answered within ${this.#timeoutMs} ms`);
    if (cutAt === undefined) throw new BrokenOff(`the program ended at ${name}: ${said.trim()}`);
  }
}

/** One life of the program. */
class Program {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: Interface;
  readonly #closed: Promise<unknown>;
  hasEnded = false;
  /** On standard error. */
  said = "";

  constructor([program, ...args]: readonly string[]) {
    this.#process = spawn(program!, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr.on("data", (text: Buffer) => {
      this.said = (this.said + text.toString()).slice(-STDERR_MAX);
    });
    // A program that is gone takes no command: that it is gone is seen where its answer is awaited.
    this.#process.stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#closed = once(this.#process, "close").then(
      () => (this.hasEnded = true),
      (error: Error) => {
        this.said += error.message;
        this.hasEnded = true;
      },
    );
  }

  /** @returns the next line; undefined if none comes in time, or none can come any more. */
  async exchange(line: string, timeoutMs: number): Promise<string | undefined> {
    const abort = new AbortController();
    const answer = once(this.#lines, "line", { signal: abort.signal }).then(
      ([text]) => text as string,
      () => undefined,
    );
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    const ended = this.#closed.then(() => undefined);
    this.#process.stdin.write(`${line}\n`);
    try {
      return await Promise.race([answer, ended]);
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#closed;
  }
}
