/**
 * A ledger in memory for tests. It takes events the way a node does (fold, identities, commit), keeps the
 * log of them, and remembers what applied. Builders make the events that tests ask for by what they mean.
 */
import assert from "node:assert/strict";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import {
  checkLeafSignature,
  decodeLeaf,
  type Leaf,
  leafHash,
  leafId,
} from "../../protocol/leaf.ts";
import { merkleRoot } from "../../protocol/merkle.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../../protocol/output.ts";
import { type NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import {
  type History,
  memberStatus,
  type MemberStatus,
  replacementOutpoint,
} from "../../protocol/rules.ts";
import { decodeStateEntry, encodeStateEntry, type StateEntry } from "../../protocol/state-entry.ts";
import type { Change, Outcome } from "../../node/ledger/change.ts";
import type { LedgerEvent, SequencedEvent } from "../../node/ledger/event.ts";
import { fold, type FoldContext, type SequencedLeaf } from "../../node/ledger/fold.ts";
import { checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { type Coin, coinsOf, enrolment, idOf, keyOf, networkId, spend } from "./ledger-parts.ts";

export const context: FoldContext = { networkId, verifier: new NodeVerifier() };
export const RECLAIM_DELAY_S = 14 * 24 * 60 * 60;

/** A member as its own staff knows it. */
export type Bank = {
  readonly status: MemberStatus;
  readonly issuer: NodeSigner;
  readonly treasury: NodeSigner;
};

type Unnumbered<E> = E extends LedgerEvent ? Omit<E, "seq"> : never;
/** An event before it has its place on the log. */
export type EventBody = Unnumbered<LedgerEvent>;

export type LogEntry = { readonly event: LedgerEvent; readonly leaves: readonly SequencedLeaf[] };

/** Remembers what applied and who took which coin, as a node's store does. */
export class MemoryHistory implements History {
  readonly #applied = new Set<Hex>();
  readonly #spenders = new Map<Outpoint, Hex>();

  note(change: Change): void {
    for (const id of change.applied) this.#applied.add(id);
    for (const [outpoint, id] of change.spenders) this.#spenders.set(outpoint, id);
  }

  hasApplied(id: Hex): boolean {
    return this.#applied.has(id);
  }

  spenderOf(outpoint: Outpoint): Hex | undefined {
    return this.#spenders.get(outpoint);
  }
}

/** Checks a leaf as whoever takes it in does: its bytes [R1] and its own signature [R2]. */
export function toSequenced(bytes: Uint8Array): SequencedLeaf {
  const hash = leafHash(bytes);
  try {
    const leaf = decodeLeaf(bytes);
    checkLeafSignature(networkId, leaf, context.verifier);
    return { hash, id: leafId(networkId, leaf), leaf };
  } catch (refusal) {
    if (!isRefusal(refusal)) throw refusal;
    return { hash, id: undefined, refusal };
  }
}

/** The event that sequences these leaves. */
export function batchOf(
  leaves: readonly SequencedLeaf[],
  timeS: number,
): Omit<SequencedEvent, "seq"> {
  const root = merkleRoot(leaves.map(({ hash }) => fromHex(hash)));
  return { kind: "sequenced", member: 1, number: 1, count: leaves.length, root, timeS };
}

/** Key and value of each entry, in hexadecimal: what two states are compared by. */
export function rowsOf(entries: Iterable<StateEntry>): Map<Hex, Hex> {
  const rows = [...entries].map((entry) => encodeStateEntry(entry).map(toHex) as [Hex, Hex]);
  return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The entries of `state`, encoded and taken into a state of their own, as a node does when it starts. */
export function reload(state: LedgerState, seed = 7): LedgerState {
  const loaded = new LedgerState(seed);
  for (const entry of state.entries()) loaded.load(decodeStateEntry(...encodeStateEntry(entry)));
  const { seq, inflow, boundarySupply } = state;
  loaded.loadAccounts({ seq, inflow, boundarySupply });
  return loaded;
}

export class TestLedger {
  readonly state = new LedgerState(20);
  readonly history = new MemoryHistory();
  readonly log: LogEntry[] = [];
  readonly #banks = new Map<MemberId, Bank>();
  /** Block time of the events to come. */
  timeS = 1_800_000_000;

  /** A ledger with these members, each with the keys "issuer of n" and "treasury of n". */
  constructor(...members: readonly MemberId[]) {
    this.take({ kind: "protocol", version: 1, reclaimDelayS: RECLAIM_DELAY_S });
    for (const member of members) this.changeMember(member);
  }

  /** Folds an event, checks the identities and commits, as a node does. */
  take(body: EventBody, leaves: readonly SequencedLeaf[] = []): Change {
    const event = { ...body, seq: this.state.seq + 1 } as LedgerEvent;
    const change = fold(context, this.state, event, leaves, this.history);
    checkIdentities(change);
    this.state.commit(change);
    checkIdentities(this.state);
    this.history.note(change);
    this.log.push({ event, leaves });
    return change;
  }

  /** Admits a member, or changes what is given of it. */
  changeMember(member: MemberId, changed: Partial<Bank> = {}): Bank {
    const first = { status: memberStatus.active, issuer: keyOf(`issuer of ${member}`) };
    const known = this.#banks.get(member) ?? { ...first, treasury: keyOf(`treasury of ${member}`) };
    const bank: Bank = { ...known, ...changed };
    this.#banks.set(member, bank);
    const { status, issuer, treasury } = bank;
    this.take({
      kind: "member-changed",
      member,
      status,
      issuer: issuer.publicKey,
      treasury: treasury.publicKey,
    });
    return bank;
  }

  /** A member's present keys and status. */
  bank(member: MemberId): Bank {
    const bank = this.#banks.get(member);
    assert(bank !== undefined, `member ${member} was not admitted`);
    return bank;
  }

  /** A coin of the member's vault. */
  deposit(member: MemberId, amount: bigint): Coin {
    this.take({ kind: "deposited", member, amount });
    const owner = ownerOf(this.bank(member).treasury.publicKey);
    return this.#depositCoin(owner, member, amount);
  }

  award(payer: MemberId, owner: Owner, custodian: MemberId, amount: bigint): Coin {
    this.take({ kind: "awarded", member: payer, owner: fromHex(owner), custodian, amount });
    return this.#depositCoin(owner, custodian, amount);
  }

  /** Sequences leaves in one batch and says what became of each. */
  sequence(...leaves: readonly (Leaf | Uint8Array)[]): readonly Outcome[] {
    const sequenced = leaves.map((leaf) => toSequenced("bytes" in leaf ? leaf.bytes : leaf));
    return this.take(batchOf(sequenced, this.timeS), sequenced).outcomes;
  }

  /** Sequences leaves that must all apply. */
  apply(...leaves: readonly Leaf[]): void {
    const outcomes = this.sequence(...leaves);
    assert.deepEqual(
      outcomes.map(({ code, detail }) => [code, detail]),
      leaves.map(() => ["applied", ""]),
    );
  }

  /** Sequences a leaf that must not apply, for this reason, and must leave no trace. */
  refuse(code: RefusalCode, leaf: Leaf | Uint8Array): string {
    const before = rowsOf(this.state.entries());
    const [outcome] = this.sequence(leaf);
    assert.equal(outcome!.code, code, outcome!.detail);
    assert.deepEqual(rowsOf(this.state.entries()), before);
    return outcome!.detail;
  }

  /** The key of this name, enrolled with `member`. */
  async enrol(name: string, member: MemberId): Promise<NodeSigner> {
    const device = keyOf(name);
    this.apply(await enrolment(device, member, this.bank(member).issuer));
    return device;
  }

  /** A coin with this output, paid from a new deposit of its custodian. */
  async coin(output: Output): Promise<Coin> {
    const vault = this.deposit(output.custodian, output.amount);
    const signer = this.bank(output.custodian).treasury;
    const record = await spend({ signer, inputs: [vault], outputs: [output] });
    this.apply(record);
    return coinsOf(record)[0]!;
  }

  revoke(member: MemberId, owner: NodeSigner | Owner): void {
    const bytes = typeof owner === "string" ? fromHex(owner) : fromHex(ownerOf(owner.publicKey));
    this.take({ kind: "revoked", member, owner: bytes, timeS: this.timeS });
  }

  /** Pays `coin` once more, for `loser` alone, from its custodian's bond. */
  restitute({ outpoint, output }: Coin, loser: SignedRecord): Coin {
    const { owner, custodian, amount } = output;
    this.take({
      kind: "restituted",
      outpoint: fromHex(outpoint),
      loser: fromHex(idOf(loser)),
      owner: fromHex(owner),
      member: custodian,
      amount,
      timeS: this.timeS,
    });
    const replacement = replacementOutpoint(networkId, outpoint, idOf(loser));
    return { outpoint: replacement, output: { ...output, lock: lock.replacement } };
  }

  closeCycle(): void {
    this.take({ kind: "cycle-closed", cycle: this.state.parameters.openCycle });
  }

  settle(): void {
    this.take({ kind: "settled", cycle: this.state.parameters.settledCycle + 1 });
  }

  #depositCoin(owner: Owner, custodian: MemberId, amount: bigint): Coin {
    const output = { lock: lock.key, owner, custodian, amount };
    return { outpoint: depositOutpoint(networkId, { seq: this.state.seq, output }), output };
  }
}
