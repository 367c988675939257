/**
 * One run: a ledger and its reference side by side, over events that a seed chooses. After every event
 * the identities hold, both agree on what applied and why not, and on what each bank holds; after every
 * few they agree on every coin and balance, and at the end of a cycle on all there is.
 */
import assert from "node:assert/strict";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { lock } from "../../protocol/output.ts";
import { memberStatus, type MemberStatus, replacementOutpoint } from "../../protocol/rules.ts";
import { type Boundary, boundaryOf } from "../../node/checkpoints/checkpoint-of.ts";
import type { Change } from "../../node/ledger/change.ts";
import type { LedgerEvent } from "../../node/ledger/event.ts";
import { fold, type FoldContext, type SequencedLeaf } from "../../node/ledger/fold.ts";
import { type Accounting, checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import {
  batchOf,
  context as realContext,
  type EventBody,
  type LogEntry,
  MemoryHistory,
} from "../support/ledger.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { Chance } from "./chance.ts";
import { compareRows, compareSums, compareWhole } from "./compare.ts";
import { Contract } from "./contract.ts";
import { amendsName, type Enrolling, Model, type Note, noteName, type Payment } from "./model.ts";
import { Names } from "./names.ts";
import { RememberingVerifier } from "./signatures.ts";

export const context: FoldContext = {
  ...realContext,
  verifier: new RememberingVerifier(realContext.verifier),
};

/** The ledger under test: the real one, or one with a bug planted in it. */
export type Subject = {
  readonly makeState: () => LedgerState;
  readonly fold: typeof fold;
  readonly check: (ledger: Accounting) => void;
};

export const realLedger: Subject = {
  makeState: () => new LedgerState(1),
  fold,
  check: checkIdentities,
};

/** Someone with a device. */
export type Person = {
  readonly name: string;
  readonly bank: number;
  readonly isHonest: boolean;
  /** Notes it believes to have, and those it gave away. */
  readonly wallet: Set<string>;
  readonly spent: Set<string>;
  /** The device is lost, and pays no more. */
  isLost: boolean;
};

/** A leaf on its way to the ledger, by name and as it travels. */
export type Item = {
  readonly leaf: Payment | Enrolling | undefined;
  readonly sequenced: SequencedLeaf;
};

export const DELAY_S = 1000;
const GUARANTEE = 3000n;
const BANKS = [1, 2, 3];
const PEOPLE = 7;
/** After so many events every coin is compared; after each one, what the coins come to. */
const ROWS_EVERY = 8;

export class Run {
  readonly chance: Chance;
  readonly model = new Model(DELAY_S);
  readonly contract = new Contract(GUARANTEE);
  readonly names = new Names();
  readonly people: readonly Person[];
  readonly banks = BANKS;
  readonly state: LedgerState;
  readonly log: LogEntry[] = [];
  readonly #subject: Subject;
  readonly #history = new MemoryHistory();
  readonly #boundaries: Boundary[] = [];
  /** Every note there ever was or was promised to be. */
  readonly notes = new Map<string, Note>();
  /** What has not applied yet, in the order it was made. */
  readonly waiting = new Map<string, Item>();
  readonly done: Item[] = [];
  /** Payments that an honest payee took for good money. */
  readonly accepted = new Map<string, Payment>();
  /** Losers whose amends a bank took back before they came. */
  readonly forfeited = new Set<string>();
  /** How often each verdict was given. */
  readonly tally = new Map<string, number>();
  #statuses = new Map<number, MemberStatus>();
  #count = 0;
  timeS = 1_800_000_000;

  constructor(seed: number, subject: Subject) {
    this.chance = new Chance(seed);
    this.#subject = subject;
    this.state = subject.makeState();
    this.people = Array.from({ length: PEOPLE }, (_, i) => ({
      name: `person ${i}`,
      bank: BANKS[i % BANKS.length]!,
      isHonest: i >= 2,
      wallet: new Set(),
      spent: new Set(),
      isLost: false,
    }));
    this.take({ kind: "protocol", version: 1, reclaimDelayS: DELAY_S });
    for (const bank of BANKS) this.changeBank(bank, `issuer ${bank}.0`, `vault ${bank}.0`);
  }

  /** A name that was not used before. */
  newName(of: string): string {
    return `${of} ${this.#count++}`;
  }

  changeBank(bank: number, issuer: string, vault: string, status?: MemberStatus): void {
    this.#statuses.set(bank, status ?? this.#statuses.get(bank) ?? memberStatus.active);
    this.model.changeBank(bank, issuer, vault);
    this.take({
      kind: "member-changed",
      member: bank,
      status: this.#statuses.get(bank)!,
      issuer: keyOf(issuer).publicKey,
      treasury: this.names.vaultKey(vault),
    });
  }

  deposit(bank: number, value: bigint): void {
    const holder = this.model.banks.get(bank)!.vault;
    this.#mint(this.contract.deposit(bank, value), { holder, bank, value, terms: "owner" });
  }

  /** A case was ruled for a person. */
  award(payer: number, { name: holder, bank, wallet }: Person, value: bigint): void {
    const body = this.contract.award(payer, this.names.owner(holder), bank, value);
    wallet.add(this.#mint(body, { holder, bank, value, terms: "owner" }));
  }

  revoke(bank: number, holder: string): void {
    this.model.block(bank, holder, this.timeS);
    const owner = Buffer.from(this.names.owner(holder).slice(2), "hex");
    this.take({ kind: "revoked", member: bank, owner, timeS: this.timeS });
  }

  /** Reports that `loser` lost a note to another payment, and says whether anything was paid. */
  report(loser: Payment, note: string, isRuled: boolean): boolean {
    const winner = this.model.takenBy.get(note)!;
    const { holder, bank, value: amount, terms } = this.notes.get(note)!;
    if (terms !== "owner" || loser.kind !== "spend" || loser.by !== holder) return false;
    const { names, model } = this;
    const report = {
      outpoint: names.outpoint(note),
      owner: names.owner(holder),
      bank,
      amount,
      loser: names.id(loser.name),
      winner: names.id(winner),
      winnerIsReclaim: winner.startsWith("reclaim"),
      winnerCycle: model.applied.get(winner)!,
      isVault: model.banks.get(bank)!.vaults.includes(holder),
    };
    const events = this.contract.report(report, this.timeS, isRuled);
    for (const body of events) {
      if (body.kind === "revoked") model.block(bank, holder, this.timeS);
      if (body.kind === "restituted") this.#makeAmends(note, loser, report.loser);
      this.take(body);
    }
    return events.length > 0;
  }

  closeCycle(): void {
    const body = this.contract.close();
    if (body === undefined) return;
    const change = this.take(body);
    this.#boundaries.push(boundaryOf(this.model.cycle, change));
    this.model.cycle++;
    compareRows(this);
    compareWhole(this);
  }

  settle(): void {
    if (this.contract.unsettled === 0) return;
    const boundary = this.#boundaries[this.contract.settled]!;
    this.take(this.contract.settle(boundary));
  }

  /** Writes a payment down. */
  draft(payment: Omit<Payment, "name">): Item & { readonly leaf: Payment } {
    const name = this.newName(payment.kind);
    const leaf = { ...payment, name, takes: this.names.inOrder(payment.takes) };
    payment.gives.forEach(({ terms, ...note }, index) => {
      if (terms !== "burn") this.notes.set(noteName(name, index), { terms, ...note });
    });
    return { leaf, sequenced: this.names.record(leaf) };
  }

  /** Puts a leaf among those that wait. */
  submit(item: Item): void {
    this.waiting.set(item.leaf?.name ?? this.newName("garbage"), item);
  }

  /** Sequences leaves in one batch; both ledgers must say the same of each. */
  sequence(items: readonly Item[]): void {
    if (items.length === 0) return;
    const verdicts = items.map(({ leaf }) =>
      leaf === undefined ? "malformed" : this.model.turn(leaf, this.timeS),
    );
    const leaves = items.map(({ sequenced }) => sequenced);
    const { outcomes } = this.take(batchOf(leaves, this.timeS), leaves);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      verdicts,
    );
    for (const verdict of verdicts) this.tally.set(verdict, (this.tally.get(verdict) ?? 0) + 1);
    items.forEach((item, index) => {
      if (verdicts[index] !== "applied") return;
      this.waiting.delete(item.leaf!.name);
      this.done.push(item);
    });
    this.#forfeit();
  }

  /** Folds an event as a node does, and compares what it left. */
  take(body: EventBody, leaves: readonly SequencedLeaf[] = []): Change {
    const event = { ...body, seq: this.state.seq + 1 } as LedgerEvent;
    const change = this.#subject.fold(context, this.state, event, leaves, this.#history);
    this.#subject.check(change);
    this.state.commit(change);
    this.#history.note(change);
    this.log.push({ event, leaves });
    if (event.seq % ROWS_EVERY === 0) compareRows(this);
    else compareSums(this);
    return change;
  }

  /** Adds a coin that no record makes, and gives its name. */
  #mint(body: EventBody, note: Note): string {
    const seq = this.state.seq + 1;
    const name = `${body.kind} ${seq}`;
    this.names.setOutpoint(
      name,
      depositOutpoint(networkId, { seq, output: this.names.output(note) }),
    );
    this.notes.set(name, note);
    this.model.notes.set(name, note);
    this.take(body);
    return name;
  }

  #makeAmends(note: string, loser: Payment, id: Parameters<typeof replacementOutpoint>[2]): void {
    const name = amendsName(note, loser.name);
    const amends: Note = { ...this.notes.get(note)!, terms: "amends", since: this.timeS };
    this.names.setOutpoint(name, replacementOutpoint(networkId, this.names.outpoint(note), id));
    assert.equal(this.names.output(amends).lock, lock.replacement);
    this.notes.set(name, amends);
    this.model.notes.set(name, amends);
  }

  #forfeit(): void {
    for (const [name, { takes }] of this.accepted) {
      if (!this.waiting.has(name)) continue;
      const taken = takes.some((note) => this.model.takenBy.has(amendsName(note, name)));
      if (taken) this.forfeited.add(name);
    }
  }
}
