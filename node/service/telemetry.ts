/**
 * The one door to pino and prom-client: what a process says of itself, in words and in numbers. Logs
 * are JSON lines on stderr or in a file, written at once so that the last one before a crash is there,
 * and secrets never reach them. Metrics are Prometheus text.
 */
import pino from "pino";
import prom from "prom-client";
import { redact } from "./redaction.ts";

export type Logger = pino.Logger;
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
/** Those that an operator chooses among. */
export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;

export type LoggerOptions = {
  /** The process: node, gateway, devnet. */
  readonly name: string;
  readonly level?: LogLevel;
  /** A file to append to, readable by its owner alone. Otherwise stderr. */
  readonly file?: string;
  /** Where lines go instead of to stderr or a file. */
  readonly stream?: { write(line: string): void };
};

/** Numbers that only grow, such as requests answered. */
export type Counter<Label extends string = never> = Pick<prom.Counter<Label>, "inc">;
/** Numbers that come and go, such as records that wait. */
export type Gauge<Label extends string = never> = Pick<prom.Gauge<Label>, "set" | "inc" | "dec">;
/** How numbers are spread, such as seconds a request takes. */
export type Histogram<Label extends string = never> = Pick<
  prom.Histogram<Label>,
  "observe" | "startTimer"
>;

export function makeLogger({ name, level = "info", file, stream }: LoggerOptions): Logger {
  const destination =
    stream ??
    pino.destination({
      dest: file ?? 2,
      sync: true,
      ...(file === undefined ? {} : { mode: 0o600 }),
    });
  const logger = pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      // `redact` has done it.
      serializers: { err: (error: unknown) => error },
    },
    destination,
  );
  // Pino shows its formatters nothing of what a child is bound to. Children inherit this.
  const plain = Object.getPrototypeOf(logger) as Logger;
  logger.child = function (this: Logger, bindings: object, options?: object) {
    return plain.child.call(this, redact(bindings), options);
  } as Logger["child"];
  return logger;
}

/**
 * The metrics of one process. Names carry a unit last and `tallystick_` first; whoever asks again for one that there
 * is counts on with it.
 */
export class Metrics {
  readonly #registry = new prom.Registry();

  /** @param options `process` adds what Node says of itself: memory, event loop, descriptors. */
  constructor({ process = false }: { readonly process?: boolean } = {}) {
    if (process) prom.collectDefaultMetrics({ register: this.#registry, prefix: "tallystick_" });
  }

  counter<Label extends string = never>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
  ): Counter<Label> {
    return this.#once(name, () => {
      return new prom.Counter({ ...this.#config(name, help), labelNames: labels });
    });
  }

  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
  ): Gauge<Label> {
    return this.#once(name, () => {
      return new prom.Gauge({ ...this.#config(name, help), labelNames: labels });
    });
  }

  /** A gauge that is read when somebody looks. */
  watch(name: string, help: string, read: () => number): void {
    const collect = function (this: prom.Gauge): void {
      this.set(read());
    };
    new prom.Gauge({ ...this.#config(name, help), collect });
  }

  /** @param buckets upper bounds, ascending. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly Label[] = [],
  ): Histogram<Label> {
    return this.#once(name, () => {
      const config = { ...this.#config(name, help), buckets: [...buckets], labelNames: labels };
      return new prom.Histogram(config);
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything as it stands, in Prometheus's text format. */
  async text(): Promise<string> {
    return this.#registry.metrics();
  }

  #once<Metric>(name: string, make: () => Metric): Metric {
    const known = this.#registry.getSingleMetric(`tallystick_${name}`) as Metric | undefined;
    return known ?? make();
  }

  #config(name: string, help: string) {
    return { name: `tallystick_${name}`, help, registers: [this.#registry] };
  }
}
