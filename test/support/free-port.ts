import { freePorts } from "../../scripts/devnet/free-ports.ts";

/** A port that nobody listens to, for a server that is to be found again after a restart. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
