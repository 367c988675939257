/** A sub-command that runs until it is ended: what it is told, and what it has said. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "../../../support/until.ts";

const command = join(import.meta.dirname, "../../../../scripts/tallystick.ts");

export class Program implements AsyncDisposable {
  readonly #process: ChildProcess;
  #output = "";
  #seen = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    for (const stream of [process.stdout!, process.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  static start(args: readonly string[], environment: Record<string, string> = {}): Program {
    const env = { ...process.env, ...environment };
    return new Program(spawn(process.execPath, [command, ...args], { env, stdio: "pipe" }));
  }

  /** On a terminal of 90 columns and 50 rows. */
  static onScreen(args: readonly string[], environment: Record<string, string> = {}): Program {
    const words = [process.execPath, command, ...args].map((word) => `'${word}'`);
    const line = `stty rows 50 cols 90 && exec ${words.join(" ")}`;
    const env = { ...process.env, ...environment };
    return new Program(spawn("script", ["-qfec", line, "/dev/null"], { env, stdio: "pipe" }));
  }

  /** What stands on the screen: since it was painted last. */
  get screen(): string {
    const painted = this.#output.slice(this.#output.lastIndexOf("\u001b[H\u001b[J") + 6);
    return painted.replaceAll("\r", "");
  }

  get output(): string {
    return this.#output;
  }

  /** Types a line. */
  type(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  /** Waits until it says so, after what was waited for before. @returns what it said up to there. */
  async says(what: RegExp, ms = 60_000): Promise<string> {
    const found = () => what.exec(this.#output.slice(this.#seen));
    const ended = () => this.#process.exitCode !== null && found() === null;
    await until(`it says ${what}: ${this.#output}`, () => found() !== null || ended(), ms).catch(
      () => undefined,
    );
    const match = found();
    if (match === null)
      throw new Error(`it never says ${what}, but: ${this.#output.slice(this.#seen)}`);
    const from = this.#seen;
    this.#seen += match.index + match[0].length;
    return this.#output.slice(from, this.#seen);
  }

  /** Its exit code, when it ends. */
  async end(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      await once(this.#process, "exit");
    }
    return this.#process.exitCode;
  }

  /** Ends it without a chance to do anything. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }
}
