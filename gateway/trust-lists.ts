/**
 * The authority's trust lists, for devices that come here: fetched from where the authority publishes them,
 * checked link by link from the trust key the gateway was given, and kept. A device that has been away needs
 * each list that changed the trust key, in order, and the newest. The emergency profile is published beside
 * them, and signed with the key that the newest of them names.
 */
import { readFile } from "node:fs/promises";
import { equalBytes } from "../protocol/bytes.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import { limits } from "../protocol/limits.ts";
import {
  checkTrustListSignature,
  decodeTrustList,
  type SignedTrustList,
} from "../protocol/lists.ts";
import type { Amount } from "../protocol/money.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { EmergencyProfiles } from "./emergency-profiles.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { keys, ranges } from "./keys.ts";
import { decodePublished } from "./published.ts";
import type { Store } from "./store.ts";

export type TrustListsParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** The key that signs the first list that is taken here. */
  readonly trustKey: Uint8Array;
  /** Where the authority publishes: a path, or an http or https URL. */
  readonly source: string;
  readonly emergency: EmergencyProfiles;
  readonly store: Store;
};

type Known = { readonly list: SignedTrustList; readonly changesKey: boolean };

export class TrustLists {
  readonly #parts: TrustListsParts;
  /** Ascending by version. */
  readonly #lists: Known[] = [];

  private constructor(parts: TrustListsParts) {
    this.#parts = parts;
  }

  static async open(parts: TrustListsParts): Promise<TrustLists> {
    const lists = new TrustLists(parts);
    for await (const [, bytes] of parts.store.entries(ranges.trustLists)) {
      lists.#add(decodeTrustList(bytes));
    }
    return lists;
  }

  get newest(): SignedTrustList | undefined {
    return this.#lists.at(-1)?.list;
  }

  /** What a member guarantees for one device. */
  guaranteeOf(member: MemberId): Amount | undefined {
    return this.newest?.members.find((row) => row.member === member)?.guarantee;
  }

  /** The keys by which devices know a member's word: the present one, then the one before. */
  issuersOf(member: MemberId): Uint8Array[] {
    const row = this.newest?.members.find((each) => each.member === member);
    return [row?.issuer, row?.previousIssuer].filter((key) => key !== undefined);
  }

  /** Takes what is new at the source. @throws Refusal `bad-signature`, `malformed`; Error if it cannot be read. */
  async refresh(): Promise<void> {
    const { source, store, emergency } = this.#parts;
    const isUrl = /^https?:/.test(source);
    const bytes = isUrl
      ? await fetchBytes(source, limits.gatewayAnswerMax)
      : await readFile(source);
    const published = decodePublished(new Uint8Array(bytes));
    for (const list of published.trust) {
      if (list.version <= (this.newest?.version ?? -1)) continue;
      this.#check(list);
      await store.write([{ key: keys.trustList(list.version), value: list.bytes, old: null }]);
      this.#add(list);
    }
    if (published.emergency !== undefined) {
      await emergency.take(published.emergency, this.#nextKey);
    }
  }

  /** What a device lacks that holds this version, or none. */
  since(version: number | undefined): CarriedList[] {
    const newer = this.#lists.filter(({ list }) => list.version > (version ?? -1));
    return newer
      .filter(({ changesKey }, i) => changesKey || i === newer.length - 1)
      .map(({ list }) => ({ kind: "trust", bytes: list.bytes }));
  }

  #check(list: SignedTrustList): void {
    const { networkId, verifier } = this.#parts;
    checkTrustListSignature(networkId, list, this.#nextKey, verifier);
  }

  #add(list: SignedTrustList): void {
    this.#lists.push({ list, changesKey: !equalBytes(this.#nextKey, list.nextTrustKey) });
  }

  /** What the authority signs with after the newest list. */
  get #nextKey(): Uint8Array {
    return this.newest?.nextTrustKey ?? this.#parts.trustKey;
  }
}
