/**
 * The member's revocation list: the devices it has revoked on the chain and those it has blocked here, for as
 * long as receipts and certificates of theirs may still be around. It is signed anew with the present time
 * whenever somebody needs it, since it is also how devices learn the time.
 *
 * Whoever is blocked here is revoked on the chain, too. The node does that: it has the operator account
 * anyway, and the list shows it whom the bank has blocked, so that nothing here can move reserves.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import {
  decodeRevocationList,
  prefixOf,
  type SignedRevocationList,
  signRevocationList,
} from "../protocol/lists.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer } from "../protocol/signature.ts";
import type { FoldedEvent, NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import { keys } from "./keys.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";

export type RevocationsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  /** The key by which devices know the member's word. */
  readonly issuer: Signer;
  /** The key that the ledger has: what the node goes by. */
  readonly ledgerIssuer: Signer;
  readonly node: Pick<NodeClient, "revocations" | "revoke">;
  /** Whom the bank has blocked, and since when in milliseconds: devices, and codes that have expired. */
  readonly blocked: () => ReadonlyMap<Owner, number>;
  /** Ascends whenever `blocked` has changed. */
  readonly blockings: () => number;
  readonly receiptLifeMs: () => number;
  readonly store: Store;
  readonly logger: Logger;
  readonly clock: () => number;
  /** How old a list may be that is handed out again unchanged. */
  readonly listLifeMs: number;
};

type Looked = {
  readonly at: number;
  readonly blockings: number;
  readonly onChain: ReadonlyMap<Owner, number> | undefined;
};

/**
 * For so long nobody is looked for whose receipts have died meanwhile: to go through all that were ever revoked is work,
 * and every device asks that syncs.
 */
const LOOK_MS = 1_000;

export class Revocations {
  readonly #parts: RevocationsParts;
  readonly #serial = new Serial();
  /** By owner, when the chain revoked it, in milliseconds; undefined until the node has said. */
  #onChain: ReadonlyMap<Owner, number> | undefined;
  #list: SignedRevocationList | undefined;
  /** When it was last made sure that the list names whom it is to name, and what was known then. */
  #looked: Looked | undefined;

  private constructor(parts: RevocationsParts, list: SignedRevocationList | undefined) {
    this.#parts = parts;
    this.#list = list;
  }

  static async open(parts: RevocationsParts): Promise<Revocations> {
    const bytes = await parts.store.get(keys.revocationList);
    return new Revocations(parts, bytes === undefined ? undefined : decodeRevocationList(bytes));
  }

  /** Whether the chain says so. */
  isRevoked(owner: Owner): boolean {
    return this.#onChain?.has(owner) ?? false;
  }

  /** When the chain revoked it: block time in milliseconds. */
  revokedSince(owner: Owner): number | undefined {
    return this.#onChain?.get(owner);
  }

  /** Has the node revoke on the chain whom the bank has blocked here. Again and again: it may be away. */
  async carryToChain(): Promise<void> {
    const { blocked, node } = this.#parts;
    if (this.#onChain === undefined) await this.refresh();
    const open: Owner[] = [];
    for (const owner of blocked().keys()) {
      if (!this.isRevoked(owner)) open.push(owner);
      if (open.length === limits.revokedAtOnceMax) break;
    }
    if (open.length === 0) return;
    const { networkId, ledgerIssuer } = this.#parts;
    const { bytes } = await signRevocationList(networkId, await this.list(), ledgerIssuer);
    await node.revoke(open, bytes);
    await this.refresh();
  }

  /** Asks the node. */
  async refresh(): Promise<void> {
    const { node, member } = this.#parts;
    const { revoked } = await node.revocations(member);
    this.#onChain = new Map(revoked.map(({ owner, timeS }) => [owner as Owner, timeS * 1000]));
  }

  handle({ kind, member }: FoldedEvent): void {
    if (kind !== "revoked" || member !== this.#parts.member) return;
    this.refresh().catch((error: unknown) => {
      this.#parts.logger.warn({ err: error }, "the member's revocations are not known");
    });
  }

  /**
   * The list as of now.
   * @throws Refusal `unavailable` while the node has never said whom the member revoked: a list without
   *   them would take the place of one that has them.
   */
  list(): Promise<SignedRevocationList> {
    return this.#serial.run(async () => {
      const { networkId, member, issuer, store, clock, listLifeMs } = this.#parts;
      const now = clock();
      const last = this.#list;
      const isYoung = last !== undefined && last.issued <= now && now - last.issued < listLifeMs;
      if (isYoung && this.#hasLooked(now)) return last;
      const looked = { at: now, blockings: this.#parts.blockings(), onChain: this.#onChain };
      const prefixes = this.#prefixes(now);
      if (isYoung && prefixes.join() === last.prefixes.join()) {
        this.#looked = looked;
        return last;
      }
      // The seconds of the clock, so that several gateways of a member need not agree on a number.
      const version = Math.max((last?.version ?? -1) + 1, Math.floor(now / 1000));
      const fields = { member, version, issued: now, prefixes };
      const list = await signRevocationList(networkId, fields, issuer);
      await store.write([{ key: keys.revocationList, value: list.bytes }]);
      [this.#list, this.#looked] = [list, looked];
      return list;
    });
  }

  /** Whether the list names whom it is to name, as far as that can have changed. */
  #hasLooked(now: number): boolean {
    if (this.#looked === undefined) return false;
    const { at, blockings, onChain } = this.#looked;
    const isSame = blockings === this.#parts.blockings() && onChain === this.#onChain;
    return isSame && at <= now && now - at < LOOK_MS;
  }

  #prefixes(now: number): Hex[] {
    const before = this.#onChain === undefined ? this.#list : undefined;
    if (this.#onChain === undefined && before === undefined) {
      throw new Refusal("unavailable", "the node has not said yet whom the member has revoked");
    }
    const lifeMs = this.#onChain === undefined ? Infinity : this.#parts.receiptLifeMs();
    const isRecent = (time: number) => now < time + lifeMs;
    const blocked = [...this.#parts.blocked()].filter(
      ([owner, time]) => isRecent(time) || !this.isRevoked(owner),
    );
    const revoked = [...(this.#onChain ?? [])].filter(([, time]) => isRecent(time));
    const recent = [...blocked, ...revoked].map(([owner]) => prefixOf(owner));
    return [...new Set([...recent, ...(before?.prefixes ?? [])])].sort();
  }
}
