/**
 * Gets batches and leaves that this node lacks from the others. Several are asked at once, and one that is
 * silent only costs a moment; what comes is checked against its hash, so that it does not matter whose it is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { NodeRequests } from "./messages/kinds.ts";
import type { LeavesQuestion } from "./messages/leaves.ts";

export type BatchFetcherOptions = {
  readonly requests: Pick<NodeRequests, "ask">;
  /** Whom to ask: the connected peers. */
  readonly peers: () => readonly string[];
};

/** After this long without an answer the next peer is asked as well. */
const PATIENCE_MS = 500;
/** Fewer leaves than this are not worth asking a second peer. */
const SHARE_MIN = 256;

type Ask = (peer: string, signal: AbortSignal) => Promise<void>;

export class BatchFetcher {
  readonly #options: BatchFetcherOptions;
  /** Where the next turn begins, so that no peer always comes first. */
  #turn = 0;

  constructor(options: BatchFetcherOptions) {
    this.#options = options;
  }

  /** The batch with this root, if anyone connected has it. Its leaves are proved by the root, its member and number are not. */
  async batch(root: Hex, signal: AbortSignal): Promise<Batch | undefined> {
    let found: Batch | undefined;
    const ask: Ask = async (peer, wanted) => {
      found ??= await this.#options.requests.ask(peer, "batch", root, { signal: wanted });
    };
    await askInTurn(this.#peers(), ask, () => found !== undefined, signal);
    return found;
  }

  /**
   * The bytes of as many of these leaves of a batch as can be had, by hash.
   * @param first a peer that should have them all, such as the one that put them forward.
   */
  async leaves(
    root: Hex,
    hashes: readonly Hex[],
    signal: AbortSignal,
    first?: string,
  ): Promise<ReadonlyMap<Hex, Uint8Array>> {
    const found = new Map<Hex, Uint8Array>();
    const peers = this.#peers(first);
    const shares = first === undefined ? sharesOf(hashes, peers.length) : [hashes];
    await Promise.all(
      shares.map(async (share, index) => {
        const ask: Ask = (peer, wanted) =>
          this.#askLeaves(peer, { root, hashes: share }, found, wanted);
        const isDone = () => share.every((hash) => found.has(hash));
        await askInTurn(rotated(peers, index), ask, isDone, signal);
      }),
    );
    return found;
  }

  /** Asks one peer for all that is missing of a share, page by page. */
  async #askLeaves(
    peer: string,
    { root, hashes }: LeavesQuestion,
    found: Map<Hex, Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    let wanted = hashes.filter((hash) => !found.has(hash));
    while (wanted.length > 0) {
      const question = { root, hashes: wanted };
      const page = await this.#options.requests.ask(peer, "leaves", question, { signal });
      for (const [index, leaf] of page.entries()) {
        if (leaf !== undefined) found.set(wanted[index]!, leaf);
      }
      wanted = wanted.slice(page.length).filter((hash) => !found.has(hash));
    }
  }

  #peers(first?: string): readonly string[] {
    const connected = this.#options.peers();
    const others = rotated(connected, this.#turn++).filter((peer) => peer !== first);
    return first !== undefined && connected.includes(first) ? [first, ...others] : others;
  }
}

/**
 * Asks one peer after the other, the next one when the one before answered or took too long, until it is
 * done or everyone has answered. A peer that fails is passed over.
 */
async function askInTurn(
  peers: readonly string[],
  ask: Ask,
  isDone: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const wanted = AbortSignal.any([signal, over.signal]);
  const open = new Set<Promise<void>>();
  try {
    for (const peer of peers) {
      if (isDone() || signal.aborted) return;
      const asked = ask(peer, wanted)
        .catch(() => undefined)
        .finally(() => open.delete(asked));
      open.add(asked);
      await Promise.race([asked, sleep(PATIENCE_MS, undefined, { ref: false })]);
    }
    while (!isDone() && open.size > 0) await Promise.race(open);
  } finally {
    over.abort();
  }
}

/** Cuts a list into as many parts as there are peers, but not into crumbs. */
function sharesOf(hashes: readonly Hex[], peers: number): (readonly Hex[])[] {
  const length = Math.max(SHARE_MIN, Math.ceil(hashes.length / Math.max(1, peers)));
  const shares: (readonly Hex[])[] = [];
  for (let at = 0; at < hashes.length; at += length) shares.push(hashes.slice(at, at + length));
  return shares;
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
