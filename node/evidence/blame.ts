/**
 * Who forked a coin. Given records and what they came from, it names every key that signed two of them for
 * one coin, the first in the line of descent before those who followed, and clears everyone else: whoever
 * holds money that comes from a fork signed once for each coin, and no more is asked of a holder.
 *
 * The evidence is the contract's (`Disputes`, checks a and b), for both records: what made the coin pays
 * the key's owner, and two bodies that name the coin carry that key's signature. Bodies are told apart by
 * id, so that a copy, a second signature or another witness is no fork. Nobody is blamed for what others
 * sign, since the accusing signatures are one's own; and nobody escapes by it, since a fork stands by
 * itself, whatever became of the records it came from or led to.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import {
  joinOutpoint,
  lock,
  type MemberId,
  type Outpoint,
  type Output,
  splitOutpoint,
} from "../../protocol/output.ts";
import { checkRecordSignature, recordId, type SignedRecord } from "../../protocol/record.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";

/** A coin that its owner signed for more than once. */
export type Fork = {
  readonly outpoint: Outpoint;
  /** Who signed. */
  readonly owner: Owner;
  /** The member that guarantees for the owner. */
  readonly custodian: MemberId;
  readonly amount: bigint;
  /** Ids of the records it signed for the coin, ascending, at least two. */
  readonly records: readonly Hex[];
  /** Whether no other fork lies before it: here the trouble began. */
  readonly isFirst: boolean;
};

export type Blame = {
  /** Ancestors before descendants. */
  readonly forks: readonly Fork[];
  /** Owners who forked, in the order of `forks`. */
  readonly forkers: ReadonlySet<Owner>;
  /** Everyone else to whom a coin of the tree was paid. */
  readonly cleared: ReadonlySet<Owner>;
};

/**
 * @param coins what no record of the tree made: outputs of deposits, and of records known by a receipt or
 *   from the ledger. A coin that is neither here nor made by a record has no known owner and blames nobody.
 * @param records in any order, each as often as they come; their signatures need not have been checked.
 */
export function blame(
  networkId: Uint8Array,
  coins: ReadonlyMap<Outpoint, Output>,
  records: Iterable<SignedRecord>,
  verifier: Verifier,
): Blame {
  const tree = plant(networkId, coins, records, verifier);
  const order = parentsFirst(tree);
  const forked = findForked(tree);
  const stained = findStained(tree, order, forked);
  const place = new Map(order.map((id, i) => [id, i]));
  const placeOf = (outpoint: Outpoint) => place.get(splitOutpoint(outpoint).id) ?? -1;
  const forks = [...forked]
    .sort(([a], [b]) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1))
    .map(([outpoint, ids]): Fork => {
      const { owner, custodian, amount } = tree.outputs.get(outpoint)!;
      const isFirst = !stained.has(splitOutpoint(outpoint).id);
      return { outpoint, owner, custodian, amount, records: ids, isFirst };
    });
  const forkers = new Set(forks.map(({ owner }) => owner));
  const holders = [...tree.outputs.values()].filter((output) => output.lock === lock.key);
  const cleared = new Set(holders.map(({ owner }) => owner).filter((owner) => !forkers.has(owner)));
  return { forks, forkers, cleared };
}

type Tree = {
  /** One record for each id, in the order given. */
  readonly records: ReadonlyMap<Hex, SignedRecord>;
  /** What is known of coins, whoever made them. */
  readonly outputs: ReadonlyMap<Outpoint, Output>;
  /** Whether a spend is signed by the owner's key, or a claim shows the secret that the owner stands for. */
  readonly isOpenedBy: (id: Hex, owner: Owner) => boolean;
};

function plant(
  networkId: Uint8Array,
  coins: ReadonlyMap<Outpoint, Output>,
  given: Iterable<SignedRecord>,
  verifier: Verifier,
): Tree {
  const records = new Map<Hex, SignedRecord>();
  const copies = new Map<Hex, SignedRecord[]>();
  const outputs = new Map(coins);
  for (const record of given) {
    const id = recordId(networkId, record.body);
    if (!records.has(id)) {
      records.set(id, record);
      record.outputs.forEach((output, i) => outputs.set(joinOutpoint(id, i), output));
    }
    append(copies, id, record);
  }
  const verdicts = new Map<string, boolean>();
  const isOpenedBy = (id: Hex, owner: Owner) => {
    const known = verdicts.get(`${id}${owner}`);
    if (known !== undefined) return known;
    const verdict = copies.get(id)!.some((copy) => isOpened(networkId, copy, owner, verifier));
    verdicts.set(`${id}${owner}`, verdict);
    return verdict;
  };
  return { records, outputs, isOpenedBy };
}

function isOpened(
  networkId: Uint8Array,
  record: SignedRecord,
  owner: Owner,
  verifier: Verifier,
): boolean {
  const { kind, signer, preimage } = record;
  if (kind === "claim") return preimage !== undefined && ownerOf(preimage) === owner;
  if (ownerOf(signer) !== owner) return false;
  try {
    checkRecordSignature(networkId, record, verifier);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

/** The coins of lock 0 for which the owner signed two spends or more, and which. */
function findForked({ records, outputs, isOpenedBy }: Tree): Map<Outpoint, Hex[]> {
  const spends = new Map<Outpoint, Hex[]>();
  for (const [id, { kind, inputs }] of records) {
    if (kind !== "spend") continue;
    for (const input of inputs) append(spends, input, id);
  }
  const forked = new Map<Outpoint, Hex[]>();
  for (const [outpoint, ids] of spends) {
    const coin = outputs.get(outpoint);
    if (ids.length < 2 || coin === undefined || coin.lock !== lock.key) continue;
    const signed = ids.filter((id) => isOpenedBy(id, coin.owner));
    if (signed.length > 1) forked.set(outpoint, signed.sort());
  }
  return forked;
}

/** The records that come from a fork. A coin's descent is handed on by who may open it, not by who names it. */
function findStained(
  { records, outputs, isOpenedBy }: Tree,
  order: readonly Hex[],
  forked: ReadonlyMap<Outpoint, unknown>,
): Set<Hex> {
  const stained = new Set<Hex>();
  for (const id of order) {
    const comesFrom = (input: Outpoint) => {
      if (!forked.has(input) && !stained.has(splitOutpoint(input).id)) return false;
      const coin = outputs.get(input);
      return coin !== undefined && isOpenedBy(id, coin.owner);
    };
    if (records.get(id)!.inputs.some(comesFrom)) stained.add(id);
  }
  return stained;
}

/** The ids, every record after those whose outputs it names. A record cannot be its own ancestor. */
function parentsFirst({ records }: Tree): Hex[] {
  const children = new Map<Hex, Hex[]>();
  const missing = new Map<Hex, number>();
  for (const [id, { inputs }] of records) {
    const parents = new Set(inputs.map((input) => splitOutpoint(input).id));
    const known = [...parents].filter((parent) => records.has(parent));
    missing.set(id, known.length);
    for (const parent of known) append(children, parent, id);
  }
  const order = [...records.keys()].filter((id) => missing.get(id) === 0);
  for (const id of order) {
    for (const child of children.get(id) ?? []) {
      missing.set(child, missing.get(child)! - 1);
      if (missing.get(child) === 0) order.push(child);
    }
  }
  return order;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
