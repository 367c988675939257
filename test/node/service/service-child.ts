/** A service that behaves as its argument says. With "parent" it starts another that depends on it. */
import { fork } from "node:child_process";
import { writeSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runService, type Service } from "../../../node/service/process.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { Refusal } from "../../../protocol/refusal.ts";

const [mode, stopMs] = process.argv.slice(2);
const say = (text: string) => writeSync(1, `${text}\n`);
const fault = new Error("nobody caught me");

if (mode === "parent") {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], { stdio: "inherit" });
  child.on("message", (message) => say(JSON.stringify(message)));
  await sleep(60_000);
}

const failed = Promise.withResolvers<never>();
failed.promise.catch(() => undefined);
const server = createServer();

const service: Service = {
  logger: makeLogger({ name: "child" }),
  async start(signal) {
    say("starting");
    if (mode === "refuse") throw new Refusal("in-use", "port 7101 on 127.0.0.1 is taken");
    if (mode === "no-start") throw new Error("the disk is gone");
    if (mode === "slow-start") await sleep(300);
    if (mode === "patient-start") await sleep(60_000, undefined, { signal });
    server.listen(0, "127.0.0.1");
    if (mode === "throw")
      setTimeout(() => {
        throw fault;
      }, 50);
    if (mode === "reject") setTimeout(() => void Promise.reject(fault), 50);
    if (mode === "fail")
      setTimeout(() => failed.reject(new Error("the chain lost its history")), 50);
    if (mode === "misconfigured")
      setTimeout(() => failed.reject(new Refusal("wrong-network", "another chain")), 50);
  },
  async stop() {
    say("stopping");
    if (mode === "hang") await sleep(60_000);
    if (mode === "stop-fails") throw new Error("cannot stop");
    server.close();
    say("stopped");
  },
  urls: () => ({ api: "http://127.0.0.1:7101" }),
  failed: failed.promise,
};

await runService(
  async () => {
    if (mode === "not-loaded") throw new Refusal("bad-configuration", "node.yaml:3:1: no");
    return service;
  },
  Number(stopMs ?? 5000),
);
