/** Holds back what nodes send to the chain, so that something else comes between the signing and the block. */
import { Transaction } from "ethers";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { ChainProxy, Verdict } from "./chain-proxy.ts";

export type Held = {
  /** The account that has sent the first, as soon as one has. */
  readonly sent: Promise<Hex>;
  /** Lets it and all that come after pass. */
  readonly release: () => void;
};

/** Transactions that call this function of the Settlement wait until they are released; all else passes. */
export function holdCalls(proxy: ChainProxy, method: string): Held {
  const selector = selectorOf("settlement", method);
  const sent = Promise.withResolvers<Hex>();
  const released = Promise.withResolvers<void>();
  proxy.decide = async (call): Promise<Verdict> => {
    if (call.method !== "eth_sendRawTransaction") return "pass";
    const { data, from } = Transaction.from(call.params[0] as string);
    if (!data.startsWith(selector)) return "pass";
    sent.resolve(from!.toLowerCase() as Hex);
    await released.promise;
    return "pass";
  };
  return { sent: sent.promise, release: () => released.resolve() };
}
