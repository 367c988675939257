/** Losses before the contract: reports true and false, cases, and banks that promise what is not so. */
import assert from "node:assert/strict";
import type { DoubleSpend, Disputes } from "./disputes.ts";
import type { Fraud } from "./docket.ts";
import type { Note, Payment } from "./model.ts";
import type { Run } from "./run.ts";
import { cut, owed } from "./targets.ts";

/** Refusals of a report for which a case is left. */
const FOR_A_CASE: ReadonlySet<string> = new Set([
  "DisputesAboveGuarantee",
  "DisputesBondNeeded",
  "DisputesTooLate",
]);

/** What the contract is shown: that `loser` lost a note to `winner`. */
export function proofOf(run: Run, loser: Payment, note: string, winner: Payment): DoubleSpend {
  const { names, contract } = run;
  const known = run.notes.get(note);
  const facts = ({ name, kind, takes }: Payment) => {
    return { id: names.id(name), kind, isNaming: takes.includes(note) };
  };
  return {
    outpoint: names.outpoint(note),
    // Amends have no parent that could be shown.
    coin: known === undefined || known.terms === "amends" ? undefined : names.output(known),
    loser: { ...facts(loser), signer: names.owner(loser.by), isSigned: true },
    winner: facts(winner),
    cycle: contract.cycleOf(names.id(winner.name)),
  };
}

/**
 * Shows the contract a double spend, and says why it refused. What a device costs its bank without a
 * ruling stays within the guarantee, but for coins that the bank itself vouched for or signed away. What
 * a bank vouched for, it may have lost to itself: its bond still holds what it is needed for.
 */
function report(run: Run, loser: Payment, note: string, winner: Payment): string | undefined {
  const { contract, names } = run;
  const { covered } = run.docket;
  const proof = proofOf(run, loser, note, winner);
  const refusal = run.ask((disputes) => disputes.report(proof));
  if (refusal !== undefined) return refusal;
  const { holder, bank, value } = run.notes.get(note)!;
  const isQueued = contract.disputes.bonds.stateOf(proof.outpoint, proof.loser.id) === "queued";
  run.count(`${isQueued ? "queued" : "paid"} against a ${winner.kind}`);
  if (winner.kind === "reclaim") {
    const spare = contract.disputes.bonds.spareOf(bank, contract.guaranteeOf(bank));
    assert.ok(spare >= 0n, `member ${bank} took what its bond was needed for`);
    return undefined;
  }
  if (contract.isVault(bank, names.owner(holder))) return undefined;
  covered.set(holder, (covered.get(holder) ?? 0n) + value);
  assert.ok(covered.get(holder)! <= contract.guaranteeOf(bank), `${holder} costs more`);
  return undefined;
}

/** A member reports a loss, and goes to court where a report is not enough. */
export function complain(run: Run, loser: Payment, note: string): void {
  const winner = run.payment(run.model.takenBy.get(note)!);
  const refusal = report(run, loser, note, winner);
  if (refusal === undefined || !FOR_A_CASE.has(refusal)) return;
  const proof = proofOf(run, loser, note, winner);
  const claimant = claimantAgainst(run, proof.coin!.custodian);
  sue(run, (disputes) => disputes.openDoubleSpend(claimant, proof));
}

/** Someone brings two payments that name a note, or do not, in any order and as often as they like. */
export function misreport(run: Run): void {
  const { chance, model } = run;
  const contested = contestedNotes(run);
  const isContested = contested.length > 0 && chance.is(60);
  const note = chance.pick(
    isContested ? contested : [...model.takenBy.keys(), ...run.notes.keys()],
  );
  const payments = [...run.payments()];
  const about = payments.filter(({ takes }) => takes.includes(note));
  const choice = about.length > 0 && chance.is(90) ? about : payments;
  if (choice.length === 0) return;
  report(run, chance.pick(choice), note, chance.pick(choice));
}

/** Once everyone is whole, nothing that two payments took is paid for again, whichever is said to have lost. */
export function checkNothingIsPaidAgain(run: Run): void {
  for (const note of contestedNotes(run)) {
    const takers = [...run.payments()].filter(
      ({ name, takes }) => takes.includes(note) && run.model.applied.has(name),
    );
    for (const loser of takers) {
      for (const winner of takers)
        assert.ok(report(run, loser, note, winner) !== undefined, `${loser.name} lost ${note}`);
    }
  }
}

/** Notes that two payments took: one itself, and one what was made for it. */
function contestedNotes(run: Run): string[] {
  const named = new Set<string>();
  const contested = new Set<string>();
  for (const { leaf } of run.done) {
    if (leaf === undefined || !("takes" in leaf)) continue;
    for (const note of leaf.takes) (named.has(note) ? contested : named).add(note);
  }
  return [...contested];
}

/** The last holders of what came of a false promise ask for what they took. */
export function accuse(run: Run, { statement, losses }: Fraud): void {
  const awards = losses.map(({ holder, bank: member, value: amount }) => {
    return { owner: run.names.owner(holder), member, amount };
  });
  const claimant = claimantAgainst(run, statement.member);
  sue(run, (disputes) => disputes.openStatement(claimant, statement, awards));
}

/** A bank is accused of a receipt that was true. It answers at once. */
export function accuseFalsely(run: Run): void {
  const [subject] = run.chance.some([...run.model.notes.keys()], 1);
  if (subject === undefined) return;
  const { bank: member, value: most } = run.notes.get(subject)!;
  const claimant = claimantAgainst(run, member);
  const { name } = run.chance.pick(run.people);
  const awards = [{ owner: run.names.owner(name), member: claimant, amount: most }];
  sue(run, (disputes) => {
    const number = disputes.openStatement(
      claimant,
      { kind: "receipt", subject, member, most },
      awards,
    );
    disputes.answer(number);
    run.docket.unfounded.add(number);
    return number;
  });
}

function claimantAgainst(run: Run, accused: number): number {
  return run.chance.pick(run.banks.filter((bank) => bank !== accused));
}

function sue(run: Run, open: (disputes: Disputes) => number): void {
  run.ask((disputes) => {
    run.docket.cases.push(open(disputes));
  });
}

/** Something happens to a case, perhaps at the wrong time. */
export function proceed(run: Run): void {
  const { chance } = run;
  if (run.docket.cases.length === 0) return;
  const number = chance.pick(run.docket.cases.slice(-4));
  const act = chance.pick([
    "answer",
    "rule",
    "rule",
    "ruleUnanswered",
    "lapse",
    "enforce",
    "enforce",
  ] as const);
  run.ask((disputes) => {
    if (act === "rule") return disputes.rule(number, isFounded(run, number));
    return disputes[act](number);
  });
}

/** What a regulator rules who sees through it. */
function isFounded(run: Run, number: number): boolean {
  return !run.docket.unfounded.has(number);
}

/** Brings a case to its end, for who is right if its deadlines allow it. */
export function conclude(run: Run, number: number): void {
  if (["enforced", "dismissed", "lapsed"].includes(run.contract.disputes.statusOf(number))) return;
  run.ask((disputes) => disputes.answer(number));
  run.ask((disputes) => disputes.rule(number, isFounded(run, number)));
  run.ask((disputes) => disputes.ruleUnanswered(number));
  run.ask((disputes) => disputes.lapse(number));
  run.ask((disputes) => disputes.enforce(number));
}

/** Bonds are filled, debts paid, money taken out again, and other guarantees announced. */
export function manageBond(run: Run): void {
  const { chance, contract, banks } = run;
  const bank = chance.pick(banks);
  const amount = chance.pick([1n, 20_000n, 10n ** 7n, 10n ** 20n]);
  const acts = [
    () => contract.depositBond(bank, amount),
    () => run.ask((disputes) => disputes.payQueue(bank, 1 + chance.int(3))),
    () => run.ask((disputes) => disputes.payQueue(bank, 1 + chance.int(3))),
    () => run.ask((disputes) => disputes.requestRelease(bank, amount)),
    () => run.ask(() => contract.releaseBond(bank)),
    () => contract.setGuarantee(bank, chance.pick([0n, 3000n, 300_000n, 10n ** 20n])),
  ];
  chance.pick(acts)();
}

/** Pays all that a bank owes. */
export function redeem(run: Run, bank: number): void {
  const { contract } = run;
  const { queue, fines } = contract.disputes.bonds.account(bank);
  contract.depositBond(bank, queue.reduce((sum, { amount }) => sum + amount, 1n) + fines);
  run.ask((disputes) => disputes.payQueue(bank, Number.MAX_SAFE_INTEGER));
}

/** A bank signs a receipt for a note that nobody made, and people pay each other with it. */
export function forgeReceipt(run: Run): void {
  const { chance } = run;
  const bank = chance.pick(run.banks);
  const value = chance.pick([7n, 1000n, 250_000n]);
  const name = run.newName("forged note");
  const holder = chance.pick(run.people).name;
  run.notes.set(name, { holder, bank, value, terms: "owner" });
  const [first, second] = [chance.pick(run.people), chance.pick(run.people)];
  const parts = cut(run, value, 2);
  const gives = parts.map((part) => owed(first, part));
  const paid = run.draft({ kind: "spend", by: holder, takes: [name], gives });
  const takes = gives.map((_, i) => `${paid.leaf.name}#${i}`);
  const last = [owed(second, value)];
  const onward = run.draft({ kind: "spend", by: first.name, takes, gives: last });
  defraud(run, [paid, onward], {
    statement: { kind: "receipt", subject: name, member: bank, most: value },
    losses: last,
  });
}

/** A bank certifies a key and never enrols it: what is paid to it is paid to no one, and goes on from there. */
export function forgeCertificate(run: Run): void {
  const { chance } = run;
  const payer = chance.pick(run.people);
  const note = chance.some([...payer.wallet], 1)[0];
  if (note === undefined || payer.isLost) return;
  const bank = chance.pick(run.banks);
  const ghost = run.newName("ghost");
  const { value } = run.notes.get(note)!;
  payer.wallet.delete(note);
  payer.spent.add(note);
  const gives = [{ holder: ghost, bank, value, terms: "owner" as const }];
  const paid = run.draft({ kind: "spend", by: payer.name, takes: [note], gives });
  const takes = [`${paid.leaf.name}#0`];
  const losses = [owed(chance.pick(run.people), value)];
  const onward = run.draft({ kind: "spend", by: ghost, takes, gives: losses });
  const statement = { kind: "certificate", subject: ghost, member: bank, most: value } as const;
  defraud(run, [paid, onward], { statement, losses });
}

function defraud(
  run: Run,
  items: readonly ReturnType<Run["draft"]>[],
  fraud: Omit<Fraud, "payments">,
): void {
  for (const item of items) run.submit(item);
  run.docket.frauds.push({ ...fraud, payments: items.map(({ leaf }) => leaf.name) });
}

/** Whoever lost by a false promise was awarded what it was, once, and nobody else was awarded anything. */
export function checkAwards(run: Run): void {
  const { frauds, awards } = run.docket;
  const rows = (of: readonly Omit<Note, "terms">[]) =>
    of.map(({ holder, bank, value }) => `${value} to ${holder} at ${bank}`).sort();
  assert.deepEqual(rows(awards), rows(frauds.flatMap(({ losses }) => losses)));
  for (const name of frauds.flatMap(({ payments }) => payments))
    assert.ok(!run.model.applied.has(name), `${name} applied`);
}
