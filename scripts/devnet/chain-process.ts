/**
 * The embedded chain as a process of its own, beside the nodes that follow it:
 *
 *     node scripts/devnet/chain-process.ts '{"folder":…,"port":…,"blockPeriodMs":…,"chainId":…,"funded":[…]}'
 *
 * It says where it listens, or why it does not, in one message to the process that forked it, and ends
 * with that process, so that none is ever left behind.
 */
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { EmbeddedChain, type EmbeddedChainOptions } from "./chain.ts";

/** What the parent is told, once. */
export type ChainProcessMessage =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "failed"; readonly code: RefusalCode | null; readonly detail: string };

const options = JSON.parse(process.argv[2] ?? "null") as EmbeddedChainOptions;
const chain = new EmbeddedChain({ now: Date.now, onFailure: fail }, options);

for (const signal of ["SIGINT", "SIGTERM", "disconnect"]) process.once(signal, () => void stop());

try {
  tell({ kind: "listening", url: await chain.start() });
} catch (error) {
  fail(error as Error);
}

function fail(error: Error): void {
  tell({ kind: "failed", code: isRefusal(error) ? error.code : null, detail: error.message });
  process.exitCode = 1;
  void stop();
}

async function stop(): Promise<void> {
  await chain.stop();
  if (process.connected) process.disconnect();
}

function tell(message: ChainProcessMessage): void {
  if (process.connected) process.send!(message);
  else process.stdout.write(`${JSON.stringify(message)}\n`);
}
