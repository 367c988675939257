/**
 * One run: a ledger and its reference side by side, over events that a seed chooses. After every event
 * the identities hold, both agree on what applied and why not, and on what each bank holds; after every
 * few they agree on every coin and balance, and at the end of a cycle on all there is.
 */
import assert from "node:assert/strict";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { lock, type Outpoint } from "../../protocol/output.ts";
import { memberStatus, type MemberStatus, replacementOutpoint } from "../../protocol/rules.ts";
import { type Boundary, boundaryOf } from "../../node/checkpoints/checkpoint-of.ts";
import type { Change } from "../../node/ledger/change.ts";
import type { LedgerEvent } from "../../node/ledger/event.ts";
import type { SequencedLeaf } from "../../node/ledger/fold.ts";
import type { LedgerState } from "../../node/ledger/state.ts";
import { batchOf, type EventBody, type LogEntry, MemoryHistory } from "../support/ledger.ts";
import { keyOf, networkId } from "../support/ledger-parts.ts";
import { DisputesRefusal } from "./bonds.ts";
import { Chance } from "./chance.ts";
import { compareRows, compareSums, compareWhole } from "./compare.ts";
import { Contract } from "./contract.ts";
import type { Disputes } from "./disputes.ts";
import { Docket } from "./docket.ts";
import {
  amendsName,
  type Enrolling,
  Model,
  type Note,
  noteName,
  type Payment,
  type Verdict,
} from "./model.ts";
import { Names } from "./names.ts";
import { context, type Subject } from "./subject.ts";

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
const GUARANTEE = 300_000n;
const BOND = 10n ** 6n;
const BANKS = [1, 2, 3];
const PEOPLE = 7;
/** After so many events every coin is compared; after each one, what the coins come to. */
const ROWS_EVERY = 8;

export class Run {
  readonly chance: Chance;
  readonly model = new Model(DELAY_S);
  readonly contract: Contract;
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
  readonly docket = new Docket();
  /** Losers whose amends a bank took back before they came. */
  readonly forfeited = new Set<string>();
  /** How often each verdict was given, and each refusal. */
  readonly tally = new Map<string, number>();
  #statuses = new Map<number, MemberStatus>();
  readonly #payments = new Map<string, Payment>();
  #count = 0;
  timeS = 1_800_000_000;

  constructor(seed: number, subject: Subject) {
    this.chance = new Chance(seed);
    this.#subject = subject;
    this.state = subject.makeState();
    this.contract = new Contract(() => this.timeS, subject.makeDisputes);
    this.people = Array.from({ length: PEOPLE }, (_, i) => ({
      name: `person ${i}`,
      bank: BANKS[i % BANKS.length]!,
      isHonest: i >= 2,
      wallet: new Set(),
      spent: new Set(),
      isLost: false,
    }));
    this.take({ kind: "protocol", version: 1, reclaimDelayS: DELAY_S });
    for (const bank of BANKS) {
      this.changeBank(bank, `issuer ${bank}.0`, `vault ${bank}.0`);
      this.contract.setGuarantee(bank, GUARANTEE);
      this.contract.depositBond(bank, BOND);
    }
  }

  /** A name that was not used before. */
  newName(of: string): string {
    return `${of} ${this.#count++}`;
  }

  changeBank(bank: number, issuer: string, vault: string, status?: MemberStatus): void {
    this.#statuses.set(bank, status ?? this.#statuses.get(bank) ?? memberStatus.active);
    this.model.changeBank(bank, issuer, vault);
    this.contract.setMember(bank, this.#statuses.get(bank)!, this.names.owner(vault));
    this.take({
      kind: "member-changed",
      member: bank,
      status: this.#statuses.get(bank)!,
      issuer: keyOf(issuer).publicKey,
      treasury: this.names.vaultKey(vault),
    });
  }

  /** Nothing happens where the contract takes no deposit. */
  deposit(bank: number, value: bigint): void {
    const holder = this.model.banks.get(bank)!.vault;
    const body = this.contract.deposit(bank, value);
    if (body !== undefined) this.#mint(body, { holder, bank, value, terms: "owner" });
  }

  revoke(bank: number, holder: string): void {
    this.model.block(bank, holder, this.timeS);
    const owner = Buffer.from(this.names.owner(holder).slice(2), "hex");
    this.take({ kind: "revoked", member: bank, owner, timeS: this.timeS });
  }

  /** Asks something of the contract for double spends, and folds what it leads to. Says why it refused. */
  ask(request: (disputes: Disputes) => readonly EventBody[] | void): string | undefined {
    try {
      const events = request(this.contract.disputes);
      if (typeof events === "object") for (const body of events) this.#follow(body);
      return undefined;
    } catch (refusal) {
      if (!(refusal instanceof DisputesRefusal)) throw refusal;
      this.count(refusal.code);
      return refusal.code;
    }
  }

  closeCycle(): void {
    const body = this.contract.close();
    if (body === undefined) return;
    const change = this.take(body);
    this.#boundaries.push(boundaryOf(this.model.cycle, change));
    this.model.cycle++;
    compareRows(this);
    compareWhole(this);
    this.contract.checkBonds();
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
    this.#payments.set(name, leaf);
    return { leaf, sequenced: this.names.record(leaf) };
  }

  /** Notes that something happened. */
  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  /** Whether a key is that of a device which never signs twice for a note. */
  isHonest(holder: string): boolean {
    return this.people.some(({ name, isHonest }) => name === holder && isHonest);
  }

  /** A payment by its name, wherever it is. */
  payment(name: string): Payment {
    return this.#payments.get(name)!;
  }

  payments(): Iterable<Payment> {
    return this.#payments.values();
  }

  /** Puts a leaf among those that wait. */
  submit(item: Item): void {
    this.waiting.set(item.leaf?.name ?? this.newName("garbage"), item);
  }

  /** Sequences leaves in one batch; both ledgers must say the same of each. */
  sequence(items: readonly Item[]): void {
    if (items.length === 0) return;
    const verdicts = items.map(({ leaf }) => (leaf === undefined ? "malformed" : this.#turn(leaf)));
    const leaves = items.map(({ sequenced }) => sequenced);
    const { outcomes } = this.take(batchOf(leaves, this.timeS), leaves);
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      verdicts,
    );
    for (const verdict of verdicts) this.count(verdict);
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
    this.contract.note(body);
    const change = this.#subject.fold(context, this.state, event, leaves, this.#history);
    this.#subject.check(change);
    this.state.commit(change);
    this.#history.note(change);
    this.contract.noteApplied(change.applied);
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

  #turn(leaf: Payment | Enrolling): Verdict {
    const isDone = this.model.applied.has(leaf.name);
    const verdict = this.model.turn(leaf, this.timeS);
    assert.ok(!isDone || verdict !== "applied", `${leaf.name} applied twice`);
    return verdict;
  }

  #follow(body: EventBody): void {
    if (body.kind === "revoked") {
      const holder = this.names.holder(toHex(body.owner));
      assert.ok(!this.isHonest(holder), `${holder} is honest, and is revoked for a double spend`);
      this.model.block(body.member, holder, this.timeS);
      this.take(body);
    } else if (body.kind === "restituted") {
      this.#makeAmends(toHex(body.outpoint), toHex(body.loser));
      this.take(body);
    } else if (body.kind === "awarded") {
      const holder = this.names.holder(toHex(body.owner));
      const { custodian: bank, amount: value } = body;
      const name = this.#mint(body, { holder, bank, value, terms: "owner" });
      this.docket.awards.push({ holder, bank, value });
      this.people.find((person) => person.name === holder)?.wallet.add(name);
    }
  }

  #makeAmends(outpoint: Outpoint, id: Hex): void {
    const [note, loser] = [this.names.note(outpoint), this.names.payment(id)];
    assert.ok(!this.model.applied.has(loser), `${loser} applied, and is paid again`);
    const name = amendsName(note, loser);
    assert.ok(!this.notes.has(name), `${name} were made before`);
    const amends: Note = { ...this.notes.get(note)!, terms: "amends", since: this.timeS };
    this.names.setOutpoint(name, replacementOutpoint(networkId, outpoint, id));
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
