/**
 * A service as the main thing of a process: it says where it listens, stops when it is asked to or when
 * whoever started it is gone, and ends within a bound, whatever happens, with a code that tells a
 * supervisor what to do. An error that nobody caught ends it at once: what is on the disk is whole at
 * every moment, and a restart is the one repair.
 */
import { isRefusal, type Refusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Logger } from "./telemetry.ts";

export type Service = {
  readonly logger: Logger;
  /** @param signal aborted when it is no longer wanted: who waits for something meanwhile gives it up. */
  start(signal: AbortSignal): Promise<void>;
  /** Also after a start that failed. */
  stop(): Promise<void>;
  /** Where it listens, once it has started. */
  urls(): Readonly<Record<string, string>>;
  /** Rejects when it cannot go on; asked for once it has started. */
  readonly failed: Promise<never>;
};

/** What the parent of a forked service is told, once. */
export type ServiceMessage =
  | { readonly kind: "listening"; readonly urls: Readonly<Record<string, string>> }
  | { readonly kind: "failed"; readonly code: RefusalCode | null; readonly detail: string };

/** sysexits.h: our own bug; what is worth another start; what the operator must mend. */
export const exitCodes = { stopped: 0, software: 70, again: 75, configuration: 78 } as const;

/** Supervisors, our devnet too, wait ten seconds before they kill. */
const STOP_MS = 9_000;

/**
 * Runs a service until the process is told to stop or it fails, and ends the process.
 * @param load gives the service as its configuration has it. What it refuses ends the process too, in
 * words on stderr: there is no log yet.
 */
export async function runService(load: () => Promise<Service>, stopMs = STOP_MS): Promise<never> {
  const service = await load().catch(endRefused);
  const { logger } = service;
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "an error of ours");
    process.exit(exitCodes.software);
  });
  const asked = untilAsked();
  const unwanted = new AbortController();
  const started = service.start(unwanted.signal);
  let code = await codeOfRun(service, started, asked);
  setTimeout(() => {
    logger.fatal({ stopMs }, "the stop takes too long");
    process.exit(code === exitCodes.stopped ? exitCodes.software : code);
  }, stopMs);
  try {
    // Nobody stops what is half started.
    unwanted.abort(new Error("the process is to end"));
    await started.catch(() => undefined);
    await service.stop();
  } catch (error) {
    logger.fatal({ err: error }, "the stop failed");
    code ||= exitCodes.software;
  }
  process.exit(code);
}

/** Resolves once the service is to be stopped, with the code that the process is to end with. */
async function codeOfRun(
  service: Service,
  started: Promise<void>,
  asked: Promise<string>,
): Promise<number> {
  const { logger } = service;
  try {
    const early = await Promise.race([asked, started]);
    if (early === undefined) await tell({ kind: "listening", urls: service.urls() });
    const why = early ?? (await Promise.race([asked, service.failed]));
    logger.info({ why }, "stopping");
    return exitCodes.stopped;
  } catch (error) {
    const refusal = isRefusal(error) ? error : undefined;
    logger.fatal({ err: error, remedy: refusal?.remedy }, "it cannot go on");
    const detail = (error as Error).message;
    await tell({ kind: "failed", code: refusal?.code ?? null, detail });
    return refusal === undefined ? exitCodes.again : exitCodes.configuration;
  }
}

async function endRefused(error: unknown): Promise<never> {
  if (!isRefusal(error)) throw error;
  process.stderr.write(refusalText(error));
  await tell({ kind: "failed", code: error.code, detail: error.message });
  process.exit(exitCodes.configuration);
}

/** A refusal as a person at a terminal reads it. */
export function refusalText({ code, message, remedy }: Refusal): string {
  return `${code}: ${message}\n${remedy}\n`;
}

/**
 * Resolves with the reason when the process is told to end. Told again it does not hurry: a terminal,
 * npm and the parent each pass on the same Ctrl-C.
 */
async function untilAsked(): Promise<string> {
  return await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve(signal));
    const orphaned = () => resolve("the parent has ended");
    process.on("disconnect", orphaned);
    // Forked, and the parent died before anyone could listen.
    if (process.send !== undefined && !process.connected) orphaned();
  });
}

/** Resolves when the parent has been told, or is gone. Without one, standard output is told. */
async function tell(message: ServiceMessage): Promise<void> {
  if (process.connected) {
    const { promise, resolve } = Promise.withResolvers<void>();
    process.send!(message, undefined, undefined, () => resolve());
    await promise;
  } else if (message.kind === "listening") {
    process.stdout.write(`${JSON.stringify(message.urls)}\n`);
  }
}
