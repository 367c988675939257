/**
 * A run over a folder of its own that leaves nothing behind, however it ends: at its end, at a step that
 * fails, at Ctrl-C, what it has started is stopped, and then its folder is gone, with the keys in it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type TemporaryRun = {
  readonly folder: string;
  /** What is to be stopped in the end. Once that has begun, it takes nothing more. */
  readonly running: AsyncDisposableStack;
};

export type TemporaryRunOptions = {
  /** Part of the folder's name. */
  readonly name: string;
  /** Called instead of deleting the folder. */
  readonly onKept?: ((folder: string) => void) | undefined;
};

/** What shells say of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs `work`. Interrupted, it ends the process. */
export async function runTemporarily<T>(
  { name, onKept }: TemporaryRunOptions,
  work: (run: TemporaryRun) => Promise<T>,
): Promise<T> {
  const interrupted = Promise.withResolvers<typeof INTERRUPTED>();
  // Told again it does not hurry: a terminal and npm each pass on the same Ctrl-C.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => interrupted.resolve(INTERRUPTED));
  const folder = await mkdtemp(join(tmpdir(), `tallystick-${name}-`));
  const running = new AsyncDisposableStack();
  // What was under way may write a last file.
  const clear = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  running.defer(onKept === undefined ? clear : () => onKept(folder));
  const untilEnd = async () => {
    try {
      const working = work({ folder, running }).then((value) => ({ value }));
      return await Promise.race([working, interrupted.promise]);
    } finally {
      await running.disposeAsync();
    }
  };
  const result = await untilEnd();
  // What was under way may wait for what is gone.
  if (result === INTERRUPTED) process.exit(INTERRUPTED);
  return result.value;
}
