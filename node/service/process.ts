/**
 * A service as the main thing of a process: it says where it listens, stops when it is asked to or when
 * whoever started it is gone, and ends with a code that tells a supervisor what to do.
 */
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Logger } from "./telemetry.ts";

export type Service = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Where it listens, once it has started. */
  readonly urls: () => Readonly<Record<string, string>>;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
};

/** What the parent of a forked service is told, once. */
export type ServiceMessage =
  | { readonly kind: "listening"; readonly urls: Readonly<Record<string, string>> }
  | { readonly kind: "failed"; readonly code: RefusalCode | null; readonly detail: string };

/** sysexits.h: our own bug; what is worth another start; what the operator must mend. */
export const exitCodes = { software: 70, again: 75, configuration: 78 } as const;

/** How long a stop may take before the process ends all the same. */
const STOP_MS = 15_000;

/** Runs `service` until the process is told to stop, and sets the exit code. */
export async function runService(service: Service, logger: Logger): Promise<void> {
  const asked = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => asked.resolve());
  process.once("disconnect", () => asked.resolve());
  process.once("uncaughtException", (error) => endBy(error, logger));
  try {
    await service.start();
    tell({ kind: "listening", urls: service.urls() });
    await Promise.race([asked.promise, service.failed]);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    tell({
      kind: "failed",
      code: isRefusal(error) ? error.code : null,
      detail: (error as Error).message,
    });
  }
  const timer = setTimeout(() => {
    logger.error({}, "the stop takes too long");
    process.exit();
  }, STOP_MS);
  await service.stop();
  clearTimeout(timer);
  if (process.connected) process.disconnect();
}

function exitCodeOf(error: unknown): number {
  return isRefusal(error) ? exitCodes.configuration : exitCodes.again;
}

/** After our own bug nothing is to be trusted: whatever was acknowledged is on disk. */
function endBy(error: unknown, logger: Logger): never {
  logger.fatal({ err: error }, "an error of ours");
  process.exit(exitCodes.software);
}

function tell(message: ServiceMessage): void {
  if (process.connected) process.send?.(message);
  else if (message.kind === "listening") process.stdout.write(`${JSON.stringify(message.urls)}\n`);
}
