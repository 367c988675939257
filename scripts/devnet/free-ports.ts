/**
 * Ports for servers that must be found under the same number later, and after each restart.
 *
 * They lie below those that systems give out by themselves, to connections and to servers that name none, so that
 * none is lost in the moments in which nobody listens at it. Whoever else asks here is given others: as long as
 * this process runs, a UDP socket keeps the number of each, for nothing else that we do is UDP there.
 */
import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Linux gives out ports from 32,768 on, others from 49,152. */
const FIRST = 20_000;
const COUNT = 10_000;
const HOST = "127.0.0.1";

/** One process goes on from where it was, so that what it has used lies together, and far from what others have. */
let next = randomInt(COUNT);

/** Ports that nobody listens at, for the life of this process. @throws Error if there are not as many. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === COUNT) throw new Error(`there are no ${count} free ports`);
    const port = FIRST + (next++ % COUNT);
    const kept = await keep(port);
    if (kept === undefined) continue;
    if (await isFree(port)) ports.push(port);
    else kept.close();
  }
  return ports;
}

/** Undefined where somebody else has it. */
async function keep(port: number): Promise<Socket | undefined> {
  const socket = createSocket("udp4");
  socket.bind({ port, address: HOST, exclusive: true });
  try {
    await once(socket, "listening");
    return socket.unref();
  } catch (error) {
    if (!isTaken(error)) throw error;
    return undefined;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: HOST, exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    if (!isTaken(error)) throw error;
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}
