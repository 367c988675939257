/**
 * The thread that checks signatures. It decodes and verifies one batch at a time, synchronously: an
 * OpenSSL call with a cached key costs less than handing the same call to a thread pool. Nothing but
 * bytes comes in, nothing but what failed goes out.
 */
import { parentPort, workerData } from "node:worker_threads";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { checkLeafSignature, decodeLeaf } from "../../protocol/leaf.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { type Place, Refusal, type RefusalCode } from "../../protocol/refusal.ts";

/** What a worker is started with. */
export type WorkerSetting = { readonly networkId: Hex };

/** A batch of leaves: their bytes one after the other, and where each ends. */
export type VerifierJob = { readonly bytes: Uint8Array; readonly ends: Uint32Array };

/** Why leaf `index` of the job is refused. Leaves that are not named are good. */
export type Failure = {
  readonly index: number;
  readonly code: RefusalCode;
  readonly detail: string;
  readonly place: Place | undefined;
};

/** The first message of a worker is `ready`, each later one answers a job. */
export type WorkerMessage = "ready" | readonly Failure[];

if (parentPort !== null) serve(parentPort, workerData as WorkerSetting);

function serve(port: NonNullable<typeof parentPort>, setting: WorkerSetting): void {
  const networkId = fromHex(setting.networkId, 32);
  const verifier = new NodeVerifier();
  const answer = (message: WorkerMessage) => port.postMessage(message);

  port.on("message", ({ bytes, ends }: VerifierJob) => {
    const failures: Failure[] = [];
    let start = 0;
    for (const [index, end] of ends.entries()) {
      try {
        checkLeafSignature(networkId, decodeLeaf(bytes.subarray(start, end)), verifier);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        failures.push({ index, code: error.code, detail: error.detail, place: error.place });
      }
      start = end;
    }
    answer(failures);
  });
  answer("ready");
}
