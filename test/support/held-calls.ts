/** Holds back what nodes send to the chain, so that something else comes between the signing and the block. */
import { setTimeout as sleep } from "node:timers/promises";
import { Transaction } from "ethers";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { ChainProxy, Verdict } from "./chain-proxy.ts";

export type Held = {
  /** The account that has sent the first, as soon as one has. */
  readonly sent: Promise<Hex>;
  /** Lets it pass, and then all that came after. */
  readonly release: () => void;
};

/** How far the first goes ahead of those that others sent while it waited: they might mend what it is to meet. */
const HEAD_START_MS = 1_000;

/** Transactions that call this function of the Settlement wait until they are released; all else passes. */
export function holdCalls(proxy: ChainProxy, method: string): Held {
  const selector = selectorOf("settlement", method);
  const sent = Promise.withResolvers<Hex>();
  const released = Promise.withResolvers<void>();
  let held = 0;
  let isReleased = false;
  proxy.decide = async (call): Promise<Verdict> => {
    if (call.method !== "eth_sendRawTransaction") return "pass";
    const { data, from } = Transaction.from(call.params[0] as string);
    if (!data.startsWith(selector)) return "pass";
    if (isReleased) return "pass";
    const isFirst = held++ === 0;
    sent.resolve(from!.toLowerCase() as Hex);
    await released.promise;
    if (!isFirst) await sleep(HEAD_START_MS);
    return "pass";
  };
  const release = () => {
    isReleased = true;
    released.resolve();
  };
  return { sent: sent.promise, release };
}
