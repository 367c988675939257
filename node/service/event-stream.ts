/**
 * Server-sent events (HTML Living Standard, 9.2) on one connection: each with its id, so that a client
 * that was cut off says where to go on; a comment now and then, so that a line that is dead is found
 * out. The next event is asked for when the client has taken the last: nothing piles up here.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";

export type ServerEvent<Data = unknown> = {
  /** Comes back in Last-Event-ID, from whoever goes on after it. */
  readonly id: number;
  readonly data: Data;
  /** A name other than "message". */
  readonly type?: string;
};

export type EventStreamOptions = {
  readonly heartbeatMs: number;
  /** A client that takes nothing for this long is cut off. */
  readonly stallMs: number;
  /** Ends the stream. */
  readonly signal: AbortSignal;
};

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // Proxies that gather output must not.
  "x-accel-buffering": "no",
};

/** Writes events until there are no more, the client goes, or `signal` is aborted; then ends the response. */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  { heartbeatMs, stallMs, signal }: EventStreamOptions,
): Promise<void> {
  response.writeHead(200, HEADERS);
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(":\n\n");
  }, heartbeatMs);
  try {
    for await (const event of events) {
      if (signal.aborted || response.destroyed) break;
      if (!response.write(format(event))) await drained(response, stallMs, signal);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

/** JSON has no line breaks of its own, so one data line holds it. */
function format({ id, data, type }: ServerEvent): string {
  return `id: ${id}\n${type === undefined ? "" : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`;
}

async function drained(
  response: ServerResponse,
  stallMs: number,
  signal: AbortSignal,
): Promise<void> {
  const stalled = AbortSignal.timeout(stallMs);
  try {
    await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) });
  } catch (error) {
    if (stalled.aborted) response.destroy();
    if (!stalled.aborted && !signal.aborted) throw error;
  }
}
