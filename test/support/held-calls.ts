/** Holds back what nodes send to the chain, so that something else comes between the signing and the block. */
import { Transaction } from "ethers";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { ChainProxy, Verdict } from "./chain-proxy.ts";

export type Held = {
  /** The account that has sent the first, as soon as one has. */
  readonly sent: Promise<Hex>;
  /** Lets this account's pass: what others sent while it waited might mend what it is to meet. */
  readonly release: () => void;
  /** Lets all pass. */
  readonly end: () => void;
};

/**
 * Transactions that call this function of the Settlement wait until they are released; all else passes.
 * They wait as in a chain's pool: whoever sent one has its answer, and sends it again until it is in a block;
 * one whose nonce was used before goes on to the chain, which refuses it.
 */
export function holdCalls(proxy: ChainProxy, method: string): Held {
  const selector = selectorOf("settlement", method);
  const sent = Promise.withResolvers<Hex>();
  let first: Hex | undefined;
  let isReleased = false;
  let isOver = false;
  const isUsed = async (sender: Hex, nonce: number): Promise<boolean> => {
    const call = { id: 0, method: "eth_getTransactionCount", params: [sender, "latest"] };
    return nonce < Number((await proxy.ask(call)).result);
  };
  proxy.decide = async (call): Promise<Verdict> => {
    if (isOver || call.method !== "eth_sendRawTransaction") return "pass";
    const { data, from, hash, nonce } = Transaction.from(call.params[0] as string);
    if (!data.startsWith(selector)) return "pass";
    const sender = from!.toLowerCase() as Hex;
    if (await isUsed(sender, nonce)) return "pass";
    first ??= sender;
    sent.resolve(first);
    return isReleased && sender === first ? "pass" : { result: hash };
  };
  const release = () => {
    isReleased = true;
  };
  const end = () => {
    isOver = true;
  };
  return { sent: sent.promise, release, end };
}
