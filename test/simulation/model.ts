/**
 * The reference: the rules of the ledger once more, kept as a clerk would keep them, in names instead of
 * hashes. Notes lie in a box, payments move them, a journal says what moved. It shares no code with the
 * fold, so that a mistake in one of them shows as a difference.
 */
import type { RefusalCode } from "../../protocol/refusal.ts";

export type Verdict = "applied" | RefusalCode;

/** What a note is worth, to whom, at which bank. Amends are for one losing payment alone. */
export type Note = {
  readonly holder: string;
  readonly bank: number;
  readonly value: bigint;
  readonly terms: "owner" | "secret" | "amends";
  /** When amends were made. */
  readonly since?: number;
};

export type Target = {
  readonly holder: string;
  readonly bank: number;
  readonly value: bigint;
  readonly terms: "owner" | "secret" | "burn";
};

export type Payment = {
  readonly name: string;
  readonly kind: "spend" | "claim" | "reclaim";
  /** Whose key signs. */
  readonly by: string;
  /** Names of notes, in the order of their outpoints. */
  readonly takes: readonly string[];
  readonly gives: readonly Target[];
  readonly secret?: string;
};

export type Enrolling = {
  readonly name: string;
  readonly key: string;
  readonly bank: number;
  readonly issuer: string;
};

export type Bank = { readonly issuer: string; readonly vault: string; readonly vaults: string[] };

export const amendsName = (note: string, payment: string) => `amends for ${note} to ${payment}`;
export const noteName = (payment: string, index: number) => `${payment}#${index}`;
export const hashName = (secret: string) => `whoever knows ${secret}`;

export class Model {
  readonly notes = new Map<string, Note>();
  /** The payment that took a note. */
  readonly takenBy = new Map<string, string>();
  /** The cycle in which a payment applied. */
  readonly applied = new Map<string, number>();
  readonly homes = new Map<string, number>();
  readonly banks = new Map<number, Bank>();
  /** By bank, then by holder. */
  readonly blocked = new Map<number, Map<string, number>>();
  readonly journal: { readonly cycle: number; readonly bank: number; readonly moved: bigint }[] =
    [];
  readonly burnt: { readonly cycle: number; readonly bank: number; readonly value: bigint }[] = [];
  readonly #delay: number;
  cycle = 1;

  constructor(delay: number) {
    this.#delay = delay;
  }

  /** A payment or an enrolment has its turn. */
  turn(leaf: Payment | Enrolling, now: number): Verdict {
    return "takes" in leaf ? this.#pay(leaf, now) : this.#enrol(leaf);
  }

  block(bank: number, holder: string, now: number): void {
    const times = this.blocked.get(bank) ?? new Map<string, number>();
    if (!times.has(holder)) times.set(holder, now);
    this.blocked.set(bank, times);
  }

  changeBank(id: number, issuer: string, vault: string): void {
    const before = this.banks.get(id)?.vaults ?? [];
    this.banks.set(id, {
      issuer,
      vault,
      vaults: [...before.filter((key) => key !== vault), vault],
    });
  }

  /** What the notes of each holder are worth. */
  balances(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const { holder, value } of this.notes.values())
      sums.set(holder, (sums.get(holder) ?? 0n) + value);
    return sums;
  }

  /** What the notes at a bank are worth. */
  heldAt(bank: number): bigint {
    return [...this.notes.values()].reduce((sum, n) => (n.bank === bank ? sum + n.value : sum), 0n);
  }

  movedIn(cycle: number, bank: number): bigint {
    const lines = this.journal.filter((line) => line.cycle === cycle && line.bank === bank);
    return lines.reduce((sum, { moved }) => sum + moved, 0n);
  }

  burntIn(cycle: number, bank: number): bigint {
    const lines = this.burnt.filter((line) => line.cycle === cycle && line.bank === bank);
    return lines.reduce((sum, { value }) => sum + value, 0n);
  }

  /** The name of the note that a payment would take under this name, if it lies there. */
  source(payment: Payment, name: string): string | undefined {
    const direct = this.notes.get(name);
    if (direct !== undefined && (payment.kind === "reclaim" || direct.terms !== "amends"))
      return name;
    const amends = amendsName(name, payment.name);
    return payment.kind !== "reclaim" && this.notes.has(amends) ? amends : undefined;
  }

  #pay(payment: Payment, now: number): Verdict {
    const objection = this.#objection(payment, now);
    if (objection !== undefined) return objection;
    const { cycle } = this;
    for (const source of payment.takes.map((name) => this.source(payment, name)!)) {
      const { bank, value } = this.notes.get(source)!;
      this.notes.delete(source);
      this.takenBy.set(source, payment.name);
      this.journal.push({ cycle, bank, moved: -value });
    }
    for (const [index, { terms, ...target }] of payment.gives.entries()) {
      const { bank, value } = target;
      this.journal.push({ cycle, bank, moved: value });
      if (terms === "burn") this.burnt.push({ cycle, bank, value });
      else this.notes.set(noteName(payment.name, index), { terms, ...target });
    }
    this.applied.set(payment.name, cycle);
    return "applied";
  }

  #objection(payment: Payment, now: number): RefusalCode | undefined {
    const lost = payment.takes.find((name) => this.source(payment, name) === undefined);
    if (lost !== undefined) {
      if (this.applied.has(payment.name)) return "duplicate";
      return this.takenBy.has(lost) ? "spent" : "unknown-coin";
    }
    const notes = payment.takes.map((name) => this.notes.get(this.source(payment, name)!)!);
    const forbidden = this.#forbidden(payment, notes, now);
    if (forbidden !== undefined) return forbidden;
    if (worth(notes) !== worth(payment.gives)) return "unbalanced";
    return payment.gives.every((target) => this.#welcomes(target, payment.by))
      ? undefined
      : "unknown-recipient";
  }

  #forbidden(payment: Payment, notes: readonly Note[], now: number): RefusalCode | undefined {
    const mayAll = notes.every((note) => this.#vaultOf(note.bank) === payment.by);
    switch (payment.kind) {
      case "spend":
        return notes.every(({ terms, holder }) => terms !== "secret" && holder === payment.by)
          ? undefined
          : "wrong-owner";
      case "claim":
        if (notes[0]!.terms !== "secret") return "wrong-owner";
        if (notes[0]!.holder !== hashName(payment.secret!)) return "wrong-preimage";
        return mayAll ? undefined : "wrong-owner";
      case "reclaim":
        // Each vault is one bank's, so that notes of two banks have no common vault.
        if (!mayAll) return "wrong-owner";
        if (!notes.every((note) => this.#isAbandoned(note, now))) return "not-reclaimable";
        return payment.gives.every(
          ({ terms, holder }) => terms === "owner" && holder === payment.by,
        )
          ? undefined
          : "unknown-recipient";
    }
  }

  #isAbandoned({ bank, holder, since = 0 }: Note, now: number): boolean {
    const blocked = this.blocked.get(bank)?.get(holder) ?? Number.POSITIVE_INFINITY;
    return now >= blocked + this.#delay && now >= since + this.#delay;
  }

  #welcomes({ terms, bank, holder }: Target, payer: string): boolean {
    const known = this.banks.get(bank);
    if (known === undefined) return false;
    if (terms === "burn") return known.vault === payer;
    return terms === "secret" || this.homes.get(holder) === bank || known.vaults.includes(holder);
  }

  #enrol({ key, bank, issuer }: Enrolling): Verdict {
    const known = this.banks.get(bank);
    if (known === undefined) return "unknown-member";
    if (known.issuer !== issuer) return "bad-signature";
    if (this.homes.has(key)) return "already-enrolled";
    this.homes.set(key, bank);
    return "applied";
  }

  #vaultOf(bank: number): string | undefined {
    return this.banks.get(bank)?.vault;
  }
}

function worth(rows: readonly { readonly value: bigint }[]): bigint {
  return rows.reduce((sum, { value }) => sum + value, 0n);
}
