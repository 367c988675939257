/**
 * The authority's trust lists, for devices that come here: fetched from where the authority publishes them,
 * checked link by link from the trust key the gateway was given, and kept. A device that has been away needs
 * each list that changed the trust key, in order, and the newest.
 *
 * What is published is a file of lists as gateways answer them: count u16 × (kind u8 | length u32 | list).
 */
import { readFile } from "node:fs/promises";
import { readAnsweredLists, writeAnsweredLists } from "../protocol/answer.ts";
import { equalBytes, Reader, Writer } from "../protocol/bytes.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import { limits } from "../protocol/limits.ts";
import {
  checkTrustListSignature,
  decodeTrustList,
  type SignedTrustList,
} from "../protocol/lists.ts";
import type { Amount } from "../protocol/money.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Verifier } from "../protocol/signature.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { keys, ranges } from "./keys.ts";
import type { Store } from "./store.ts";

export type TrustListsParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  /** The key that signs the first list that is taken here. */
  readonly trustKey: Uint8Array;
  /** Where the authority publishes: a path, or an http or https URL. */
  readonly source: string;
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
    const { source, store } = this.#parts;
    const isUrl = /^https?:/.test(source);
    const bytes = isUrl
      ? await fetchBytes(source, limits.gatewayAnswerMax)
      : await readFile(source);
    const lists = decodePublished(new Uint8Array(bytes)).toSorted((a, b) => a.version - b.version);
    for (const list of lists) {
      if (list.version <= (this.newest?.version ?? -1)) continue;
      this.#check(list);
      await store.write([{ key: keys.trustList(list.version), value: list.bytes, old: null }]);
      this.#add(list);
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
    const { networkId, verifier, trustKey } = this.#parts;
    checkTrustListSignature(networkId, list, this.newest?.nextTrustKey ?? trustKey, verifier);
  }

  #add(list: SignedTrustList): void {
    const signedBy = this.newest?.nextTrustKey ?? this.#parts.trustKey;
    this.#lists.push({ list, changesKey: !equalBytes(signedBy, list.nextTrustKey) });
  }
}

/** The file that the authority publishes. */
export function encodePublished(lists: readonly SignedTrustList[]): Uint8Array {
  const writer = new Writer(1024);
  writeAnsweredLists(
    writer,
    lists.map(({ bytes }) => ({ kind: "trust", bytes })),
  );
  return writer.done();
}

/** The trust lists in what the authority has published. @throws Refusal `malformed`, `too-large`. */
export function decodePublished(bytes: Uint8Array): SignedTrustList[] {
  if (bytes.length > limits.gatewayAnswerMax) {
    throw new Refusal("too-large", `published lists have at most ${limits.gatewayAnswerMax} bytes`);
  }
  const reader = new Reader(bytes);
  const lists = readAnsweredLists(reader);
  reader.end("published lists");
  return lists.filter(({ kind }) => kind === "trust").map((list) => decodeTrustList(list.bytes));
}
