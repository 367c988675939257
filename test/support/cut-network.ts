/**
 * A network with nothing in it but loopback: what runs inside reaches its own processes, and nobody else, whatever
 * it tries. A namespace of the kernel's, which lasts as long as the process that holds it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export type CutNetwork = {
  /** What a command is to be preceded by to run inside. */
  readonly enter: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** Who may enter: anyone with a user namespace of its own, or root without. */
const ways = [
  {
    unshare: ["--user", "--map-root-user", "--net"],
    enter: ["--user", "--net", "--preserve-credentials"],
  },
  { unshare: ["--net"], enter: ["--net"] },
] as const;

/** Cuts a network off, or says why that cannot be done here. */
export async function cutNetwork(): Promise<CutNetwork | string> {
  const reasons: string[] = [];
  for (const way of ways) {
    const held = await hold(way.unshare);
    if (typeof held === "string") reasons.push(held);
    else
      return {
        enter: ["nsenter", `--target=${held.pid}`, ...way.enter],
        [Symbol.asyncDispose]: held.end,
      };
  }
  return reasons.join("; ");
}

async function hold(flags: readonly string[]) {
  const script = "ip link set lo up && echo up && exec cat";
  const holder = spawn("unshare", [...flags, "sh", "-c", script]);
  const ended = new Promise<string>((resolve) => {
    holder.once("error", ({ message }) => resolve(message));
    holder.once("close", () => resolve(said.trim()));
  });
  let said = "";
  holder.stderr.on("data", (text: Buffer) => (said += text));
  const up = await Promise.race([once(holder.stdout, "data"), ended]);
  if (typeof up === "string") return up;
  return {
    pid: holder.pid!,
    end: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
