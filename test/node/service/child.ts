import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a process of ours said and how it ended. */
export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type Child = {
  readonly process: ChildProcess;
  /** Everything on stdout so far. */
  readonly stdout: () => string;
  /** Resolves with the first whole line on stdout that starts with `prefix`. */
  readonly line: (prefix: string) => Promise<string>;
  readonly ended: Promise<Ended>;
};

export type ChildOptions = {
  /** A shell that prepares the process and then runs `"$@"`. */
  readonly shell?: string;
  /** Opens an IPC channel, as `fork` does. */
  readonly ipc?: boolean;
};

/** Starts a script that lies beside the tests, on the Node that runs them. */
export function startChild(
  script: string,
  args: readonly string[],
  options: ChildOptions = {},
): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const command = [process.execPath, path, ...args];
  const [file, ...rest] =
    options.shell === undefined ? command : ["/bin/sh", "-c", options.shell, "sh", ...command];
  const child = spawn(file!, rest, {
    stdio: ["ignore", "pipe", "pipe", ...(options.ipc ? ["ipc" as const] : [])],
  });
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // Not "close", which does not come after our own end of the IPC channel was closed.
  const ended = Promise.all([
    once(child, "exit"),
    once(child.stdout!, "close"),
    once(child.stderr!, "close"),
  ]).then(([[code, signal]]): Ended => ({ code, signal, stdout, stderr }));
  return {
    process: child,
    stdout: () => stdout,
    ended,
    async line(prefix) {
      for (;;) {
        const found = stdout
          .split("\n")
          .slice(0, -1)
          .find((line) => line.startsWith(prefix));
        if (found !== undefined) return found;
        const end = await Promise.race([once(child.stdout!, "data"), ended]);
        if (!Array.isArray(end)) throw new Error(`no line "${prefix}": ${JSON.stringify(end)}`);
      }
    },
  };
}
