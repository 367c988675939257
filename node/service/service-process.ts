/**
 * The life of a process that serves: it starts, stops when it is asked to or when whoever started it
 * has died, and is gone within a bound, whatever happens. An error that nobody caught ends it at once:
 * what is on the disk is whole at every moment, and a restart is the one repair.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { Logger } from "./telemetry.ts";

/** As sysexits.h has them: supervisors restart after one and not after the other. */
export const exitCodes = {
  stopped: 0,
  /** An error of ours or of the world: start it again. */
  failed: 70,
  /** What the operator gave cannot be used: starting it again will not help. */
  misconfigured: 78,
} as const;

export type Service = { stop(): Promise<void> };

export type ServiceProcessOptions = {
  readonly logger: Logger;
  /** How long it may take to stop. */
  readonly stopMs?: number;
};

/**
 * Runs the service until the process ends. It never returns.
 * @param start may be asked to give up by its signal; what it returns, even so, is stopped.
 */
export async function runService(
  start: (signal: AbortSignal) => Promise<Service>,
  { logger, stopMs = 10_000 }: ServiceProcessOptions,
): Promise<never> {
  const asked = Promise.withResolvers<string>();
  const ask = askedToStop(asked.resolve);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => end(logger, error, "an error that nobody caught"));
  }
  const giveUp = new AbortController();
  const started = start(giveUp.signal);
  const why = await Promise.race([asked.promise, started.then(() => asked.promise)]).catch(
    (error: unknown) => end(logger, error, "the start failed"),
  );
  ask.again(() => process.exit(exitCodes.failed));
  logger.info({ why }, "stopping");
  giveUp.abort(new Error(`asked to stop: ${why}`));
  const timer = setTimeout(
    () => end(logger, new Error(`not stopped within ${stopMs} ms`), "stopping failed"),
    stopMs,
  );
  try {
    // A start that was given up is no failure.
    const service = await started.catch(() => undefined);
    await service?.stop();
  } catch (error) {
    end(logger, error, "stopping failed");
  }
  clearTimeout(timer);
  logger.info("stopped");
  process.exit(exitCodes.stopped);
}

/** Listens for signals, and for the end of a parent that holds the other end of an IPC channel. */
function askedToStop(stop: (why: string) => void) {
  let then = stop;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => then(signal));
  process.on("disconnect", () => then("the parent has ended"));
  if (process.send !== undefined && !process.connected) stop("the parent has ended");
  return {
    /** What a second request does. */
    again(action: () => void): void {
      then = action;
    },
  };
}

function end(logger: Logger, error: unknown, what: string): never {
  const refused = error instanceof Refusal;
  logger.fatal(
    { err: error, ...(refused ? { code: error.code, remedy: error.remedy } : {}) },
    what,
  );
  process.exit(refused && what === "the start failed" ? exitCodes.misconfigured : exitCodes.failed);
}
