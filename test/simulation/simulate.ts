/**
 * A simulation from a seed: what chance brings, then an end where everyone syncs, every loss is reported
 * or ruled on, every debt paid and every cycle settled. What an honest payee accepted must then have
 * applied, or been awarded, and nothing must be had twice.
 */
import assert from "node:assert/strict";
import { stateRootOver } from "../../node/ledger/state-root.ts";
import { MemoryHistory, reload, rowsOf } from "../support/ledger.ts";
import { compareRows, compareWhole } from "./compare.ts";
import {
  accuse,
  checkAwards,
  checkNothingIsPaidAgain,
  complain,
  conclude,
  redeem,
} from "./court.ts";
import { type Person, Run } from "./run.ts";
import { lostNotes, steps } from "./steps.ts";
import { context, realLedger, type Subject } from "./subject.ts";

/** What a run was made of: events by kind, and leaves by what became of them. */
export type Tally = ReadonlyMap<string, number>;

const STEPS = 250;
/** Every so manyth seed ends with a restart and a replay, and every so manyth of those with roots. */
const COPIES_EVERY = 5;
const ROOTS_EVERY = 20;

/** @throws whatever the first difference is, its message begun by the seed. */
export async function simulate(seed: number, subject: Subject = realLedger): Promise<Tally> {
  let run: Run | undefined;
  try {
    run = new Run(seed, subject);
    await openBanks(run);
    for (let i = 0; i < STEPS; i++) await run.chance.weighted(steps)(run);
    await settleEverything(run);
    checkAccepted(run);
    checkAwards(run);
    checkNothingIsPaidAgain(run);
    compareRows(run);
    compareWhole(run);
    if (seed % COPIES_EVERY === 0) checkCopies(run, subject, seed % ROOTS_EVERY === 0);
    for (const { event } of run.log)
      run.tally.set(event.kind, (run.tally.get(event.kind) ?? 0) + 1);
    return run.tally;
  } catch (error) {
    const at = run === undefined ? "the first event" : `event ${run.state.seq}`;
    throw new Error(`TALLYSTICK_SEED=${seed} fails at ${at}`, { cause: error });
  }
}

export function addTally(total: Map<string, number>, tally: Tally): void {
  for (const [what, count] of tally) total.set(what, (total.get(what) ?? 0) + count);
}

/** Vaults are filled and most people have an account, so that something can happen. */
async function openBanks(run: Run): Promise<void> {
  for (const bank of run.banks) run.deposit(bank, 100_000n);
  await enrolAll(run, run.people.slice(0, -2));
}

async function enrolAll(run: Run, people: readonly Person[]): Promise<void> {
  for (const { name: key, bank } of people) {
    if (run.model.homes.has(key)) continue;
    const { issuer } = run.model.banks.get(bank)!;
    const leaf = { name: run.newName("enrolment"), key, bank, issuer };
    run.sequence([{ leaf, sequenced: await run.names.enrolment(leaf) }]);
  }
}

/** Everyone is enrolled, syncs and is made good, until nothing moves any more. */
async function settleEverything(run: Run): Promise<void> {
  await enrolAll(run, run.people);
  for (let before = -1; before !== progressOf(run); ) {
    before = progressOf(run);
    run.sequence([...run.waiting.values()]);
    run.closeCycle();
    while (run.contract.unsettled > 0) run.settle();
    for (const [payment, note] of lostNotes(run)) complain(run, payment, note);
    for (const fraud of run.docket.frauds) accuse(run, fraud);
    for (const number of run.docket.cases) conclude(run, number);
    for (const bank of run.banks) redeem(run, bank);
  }
}

/** Grows with everything that anyone gets. */
function progressOf(run: Run): number {
  return run.done.length + run.notes.size;
}

/** Whoever is honest has what they accepted. */
function checkAccepted(run: Run): void {
  for (const name of run.accepted.keys()) {
    const isLate = !run.model.applied.has(name) && isForfeited(run, name);
    assert.ok(
      run.model.applied.has(name) || isLate,
      `${name} was accepted by an honest payee and never applied`,
    );
    run.count(isLate ? "too late for its amends" : "accepted and applied");
  }
}

/** Whether a payment, or one that it comes from, came too late for its amends. */
function isForfeited(run: Run, name: string): boolean {
  if (run.forfeited.has(name)) return true;
  const parents = run.accepted.get(name)?.takes.map((note) => note.split("#")[0]!) ?? [];
  return parents.some((parent) => !run.model.applied.has(parent) && isForfeited(run, parent));
}

/** A node that starts from the entries, and one that folds the log again, have the same state and root. */
function checkCopies(run: Run, subject: Subject, withRoots: boolean): void {
  const rows = rowsOf(run.state.entries());
  const restarted = reload(run.state);
  assert.deepEqual(rowsOf(restarted.entries()), rows, "after a restart");
  compareRows(run, restarted);
  const replayed = subject.makeState();
  const history = new MemoryHistory();
  for (const { event, leaves } of run.log) {
    const change = subject.fold(context, replayed, event, leaves, history);
    replayed.commit(change);
    history.note(change);
  }
  assert.deepEqual(rowsOf(replayed.entries()), rows, "after a replay");
  if (!withRoots) return;
  const root = stateRootOver(run.state.entries());
  for (const copy of [restarted, replayed]) assert.equal(stateRootOver(copy.entries()), root);
}
