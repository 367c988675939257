/**
 * The thread that checks signatures, one batch at a time, synchronously: an OpenSSL call with a cached key
 * costs less than handing the same call to a thread pool. Nothing but bytes comes in, nothing but what failed
 * goes out.
 */
import { parentPort, workerData } from "node:worker_threads";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { isSigned } from "../../protocol/own-signature.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { signaturesIn } from "./job.ts";

/** What a worker is started with. */
export type WorkerSetting = { readonly networkId: Hex };

/** Signature `index` of the job does not hold. Those that are not named are good. */
export type Failure = {
  readonly index: number;
  /** Whether the key is one at all. */
  readonly isKey: boolean;
};

/** The first message of a worker is `ready`, each later one answers a job. */
export type WorkerMessage = "ready" | readonly Failure[];

if (parentPort !== null) serve(parentPort, workerData as WorkerSetting);

function serve(port: NonNullable<typeof parentPort>, setting: WorkerSetting): void {
  const networkId = fromHex(setting.networkId, 32);
  const verifier = new NodeVerifier();
  const answer = (message: WorkerMessage) => port.postMessage(message);

  port.on("message", (job: Uint8Array) => {
    const failures: Failure[] = [];
    let index = 0;
    for (const signature of signaturesIn(job)) {
      if (!isSigned(networkId, signature, verifier))
        failures.push({ index, isKey: verifier.isKey(signature.by) });
      index++;
    }
    answer(failures);
  });
  answer("ready");
}
