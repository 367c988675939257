/** A chain of another make: anvil, which shares no code with the embedded one. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Hex } from "../../protocol/bytes.ts";
import { call, CHAIN_ID } from "./chain.ts";
import { root } from "./imports.ts";

const FUNDS: Hex = "0x3635c9adc5dea00000";

export class Anvil implements AsyncDisposable {
  readonly #folder: string;
  readonly #funded: readonly Hex[];
  #process: ChildProcess | undefined;
  #port = 0;

  /** @param folder where its state is kept from one start to the next. */
  constructor(folder: string, funded: readonly Hex[]) {
    this.#folder = folder;
    this.#funded = funded;
  }

  /** Starts it, at the port it had before. @returns its URL. */
  async start(): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    const args = ["--port", `${this.#port}`, "--chain-id", `${CHAIN_ID}`, "--accounts", "0"];
    args.push("--hardfork", "osaka", "--block-time", "1", "--slots-in-an-epoch", "1");
    args.push("--state", join(this.#folder, "anvil.json"), "--preserve-historical-states");
    const child = spawn(join(root, "node_modules/.bin/anvil"), args, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    for await (const line of createInterface(child.stdout)) {
      const port = /^Listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      if (port === undefined) continue;
      // What it says of each call goes nowhere.
      child.stdout.resume();
      const url = `http://127.0.0.1:${port}`;
      if (this.#port === 0) await this.#fund(url);
      this.#port = Number(port);
      return url;
    }
    return assert.fail("anvil ended before it listened");
  }

  /** Ends it as an operator would; its state is on disk then. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #fund(url: string): Promise<void> {
    for (const address of this.#funded) await call(url, "anvil_setBalance", address, FUNDS);
  }
}
