/** Debian's Chromium for tests: one browser for a suite. Where it is not installed, the suite is skipped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { CHROMIUM, CHROMIUM_ARGUMENTS, chromiumPath } from "../../../../scripts/chromium.ts";

/** @returns gives the browser, within the suite's tests. */
export function useChromium(): () => Browser {
  let browser: Browser | undefined;
  before(`start ${CHROMIUM}`, async function () {
    const executablePath = chromiumPath();
    if (executablePath === undefined) {
      this.test!.parent!.title += ` (needs Debian's package ${CHROMIUM})`;
      return this.skip();
    }
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
  });
  after(`stop ${CHROMIUM}`, async () => {
    await browser?.close();
  });
  return () => browser!;
}

/** A browser with a profile on disk, whose process can be killed. */
export class LocalChromium implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly #browser: Browser;
  readonly #process: ChildProcess;

  private constructor(browser: Browser, process: ChildProcess) {
    this.#browser = browser;
    this.#process = process;
    this.context = browser.contexts()[0]!;
  }

  /** @param profile a folder. */
  static async start(profile: string): Promise<LocalChromium> {
    const args = ["--headless=new", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
    const process = spawn(chromiumPath()!, [...CHROMIUM_ARGUMENTS, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    for await (const line of createInterface(process.stderr)) {
      const [, url] = /^DevTools listening on (ws:.*)$/.exec(line) ?? [];
      if (url !== undefined) return new LocalChromium(await chromium.connectOverCDP(url), process);
    }
    throw new Error(`${CHROMIUM} ended before it listened`);
  }

  /** Ends all of its processes at once, as a battery would. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    process.kill(-this.#process.pid!, "SIGKILL");
    await ended;
    await this.#browser.close();
  }
}
