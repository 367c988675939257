/** A service that behaves as its argument says. With "parent" it starts another that depends on it. */
import { fork } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runService } from "../../../node/service/service-process.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { Refusal } from "../../../protocol/refusal.ts";

const [mode, stopMs] = process.argv.slice(2);
const say = (text: string) => process.stdout.write(`${text}\n`);

if (mode === "parent") {
  fork(fileURLToPath(import.meta.url), ["serve"], { stdio: "inherit" });
  await sleep(60_000);
}

await runService(
  async (signal) => {
    if (mode === "refuse") throw new Refusal("in-use", "port 7101 on 127.0.0.1 is taken");
    if (mode === "fail") throw new Error("the chain is gone");
    if (mode === "slow-start") {
      say("starting");
      await sleep(60_000, undefined, { signal });
    }
    const server = createServer().listen(0, "127.0.0.1");
    if (mode === "throw")
      setTimeout(() => {
        throw new Error("nobody caught me");
      }, 50);
    if (mode === "reject") setTimeout(() => void Promise.reject(new Error("nobody caught me")), 50);
    say("serving");
    return {
      async stop() {
        say("stopping");
        if (mode === "hang") await sleep(60_000);
        if (mode === "stop-fails") throw new Error("cannot stop");
        server.close();
        say("stopped");
      },
    };
  },
  { logger: makeLogger({ name: "child" }), stopMs: Number(stopMs ?? 5000) },
);
