/** What may happen in a run, each step as often as its weight says. Honest and dishonest alike. */
import { AMOUNT_MAX } from "../../protocol/money.ts";
import {
  accuse,
  complain,
  forgeCertificate,
  forgeReceipt,
  accuseFalsely,
  manageBond,
  misreport,
  proceed,
} from "./court.ts";
import { amendsName, hashName, type Note, noteName, type Payment, type Target } from "./model.ts";
import { DELAY_S, type Item, type Person, type Run } from "./run.ts";
import { burnt, cut, home, owed, promised, worth } from "./targets.ts";

type Step = (run: Run) => void | Promise<void>;

const amounts = [1n, 7n, 1000n, 250_000n, 2n ** 53n + 1n, AMOUNT_MAX];

export const steps: readonly (readonly [weight: number, Step])[] = [
  [4, deposit],
  [8, load],
  [20, pay],
  [6, cheat],
  [3, cheatFromVault],
  [4, claim],
  [4, burn],
  [8, enrol],
  [4, changeBank],
  [4, revoke],
  [6, reclaim],
  [10, report],
  [5, misreport],
  [4, proceed],
  [3, manageBond],
  [1, forgeReceipt],
  [1, forgeCertificate],
  [1, prosecute],
  [1, accuseFalsely],
  [5, (run) => run.closeCycle()],
  [4, (run) => run.settle()],
  [7, misbehave],
  [22, sequence],
  [8, wait],
];

function deposit(run: Run): void {
  run.deposit(run.chance.pick(run.banks), run.chance.pick(amounts));
}

/** A bank pays devices of its own from its vault. */
function load(run: Run): void {
  const { chance, model } = run;
  const bank = chance.pick(run.banks);
  const by = chance.pick(model.banks.get(bank)!.vaults);
  const takes = chance.some(
    standing(run, ({ holder, terms }) => holder === by && terms === "owner"),
    3,
  );
  if (takes.length === 0) return run.deposit(bank, chance.pick(amounts));
  const customers = run.people.filter((person) => person.bank === bank);
  const gives = cut(run, worth(run, takes), 4).map((value, i) =>
    i === 0 ? home(run, bank, value) : owed(chance.pick(customers), value),
  );
  const item = accept(run, { kind: "spend", by, takes, gives });
  if (chance.is(70)) run.sequence([item]);
}

/** A person pays another, itself some change, its bank, or whoever will show a secret. */
function pay(run: Run): void {
  const payer = run.chance.pick(run.people);
  if (payer.isLost) return;
  const takes = run.chance.some([...payer.wallet], run.chance.is(5) ? 16 : 3);
  if (takes.length > 0) payFrom(run, payer, takes);
}

/** A dishonest person pays with notes that it gave away before, perhaps with good ones too. */
function cheat(run: Run): void {
  const { chance } = run;
  const payer = chance.pick(run.people.filter(({ isHonest }) => !isHonest));
  const spent = chance.some([...payer.spent], 1 + chance.int(2));
  if (spent.length === 0) return;
  payFrom(run, payer, [...spent, ...chance.some([...payer.wallet], chance.int(2))]);
}

function payFrom(run: Run, payer: Person, takes: readonly string[]): void {
  const { chance } = run;
  const values = cut(run, worth(run, takes), chance.is(5) ? 12 : 3);
  const gives = values.map((value, i) => {
    if (i > 0 && chance.is(60)) return owed(payer, value);
    if (chance.is(10)) return promised(run, value);
    return chance.is(15) ? home(run, payer.bank, value) : owed(chance.pick(run.people), value);
  });
  for (const note of takes) {
    payer.wallet.delete(note);
    payer.spent.add(note);
  }
  accept(run, { kind: "spend", by: payer.name, takes, gives });
}

/** A bank loads two devices from one coin of its vault. */
function cheatFromVault(run: Run): void {
  const { chance, model, notes } = run;
  const bank = chance.pick(run.banks);
  const { vaults } = model.banks.get(bank)!;
  const gone = [...notes].filter(
    ([name, { holder, terms }]) =>
      terms === "owner" && vaults.includes(holder) && model.takenBy.has(name),
  );
  if (gone.length === 0) return;
  const [name, { holder: by, value }] = chance.pick(gone);
  const gives = [owed(chance.pick(run.people), value)];
  accept(run, { kind: "spend", by, takes: [name], gives });
}

function claim(run: Run): void {
  const { chance, model } = run;
  const waiting = standing(run, ({ terms }) => terms === "secret");
  if (waiting.length === 0) return;
  const name = chance.pick(waiting);
  const { holder, bank, value } = run.notes.get(name)!;
  const secret = chance.is(85) ? holder.slice(hashName("").length) : "a guess";
  const by = chance.is(85)
    ? model.banks.get(bank)!.vault
    : chance.pick(run.banks.flatMap((id) => model.banks.get(id)!.vaults));
  const gives = [chance.is(20) ? burnt(bank, value) : owed(chance.pick(run.people), value)];
  online(run, run.draft({ kind: "claim", by, takes: [name], gives, secret }));
}

function burn(run: Run): void {
  const { chance, model } = run;
  const bank = chance.pick(run.banks);
  const { vault: present, vaults } = model.banks.get(bank)!;
  const by = chance.is(85) ? present : chance.pick(vaults);
  const takes = chance.some(
    standing(run, ({ holder, terms }) => holder === by && terms === "owner"),
    2,
  );
  if (takes.length === 0) return;
  const [value, ...rest] = cut(run, worth(run, takes), 2);
  const at = chance.is(90) ? bank : chance.pick(run.banks);
  const gives = [burnt(at, value!), ...rest.map((part) => home(run, bank, part))];
  run.sequence([run.draft({ kind: "spend", by, takes, gives })]);
}

/** Enrols someone, or tries what must not succeed: another bank, or an issuer who is not. */
async function enrol(run: Run): Promise<void> {
  const { chance, model } = run;
  const { name: key, bank: own } = chance.pick(run.people);
  const bank = model.homes.has(key) && chance.is(50) ? chance.pick([...run.banks, 99]) : own;
  const issuer = chance.is(75)
    ? (model.banks.get(bank)?.issuer ?? "nobody")
    : `issuer ${chance.pick(run.banks.filter((id) => id !== bank))}.0`;
  const leaf = { name: run.newName("enrolment"), key, bank, issuer };
  online(run, { leaf, sequenced: await run.names.enrolment(leaf) });
}

/** Keys come and go, also back; members are suspended, removed, admitted again. */
function changeBank(run: Run): void {
  const { chance, model } = run;
  const bank = chance.pick(run.banks);
  const { issuer, vault } = model.banks.get(bank)!;
  run.changeBank(
    bank,
    chance.is(30) ? `issuer ${bank}.${chance.int(2)}` : issuer,
    chance.is(50) ? `vault ${bank}.${chance.int(4)}` : vault,
    chance.pick([1, 1, 1, 1, 2, 3] as const),
  );
}

/** Mostly a lost device; sometimes a claim that nobody came for, or someone else's customer. */
function revoke(run: Run): void {
  const { chance } = run;
  const bank = chance.pick(run.banks);
  const secrets = standing(run, (note) => note.terms === "secret" && note.bank === bank);
  if (secrets.length > 0 && chance.is(40)) {
    return run.revoke(bank, run.notes.get(chance.pick(secrets))!.holder);
  }
  const person = chance.pick(run.people);
  if (person.bank === bank) person.isLost = true;
  run.revoke(bank, person.name);
}

/** A bank takes back what revoked owners left, sometimes too early, too much, or with the wrong key. */
function reclaim(run: Run): void {
  const { chance, model } = run;
  const bank = chance.pick(run.banks);
  const blocked = model.blocked.get(bank);
  const left = standing(run, (note) =>
    note.bank === bank ? blocked?.has(note.holder) === true || chance.is(3) : chance.is(1),
  );
  const takes = chance.some(left, 1 + chance.int(3));
  if (takes.length === 0) return;
  const { vault: present, vaults } = model.banks.get(bank)!;
  const by = chance.is(92) ? present : chance.pick(vaults);
  const holder = chance.is(95) ? by : chance.pick(run.people).name;
  const gives = cut(run, worth(run, takes), 2).map(
    (value): Target => ({ holder, bank, value, terms: "owner" }),
  );
  online(run, run.draft({ kind: "reclaim", by, takes, gives }));
}

/** Members report the double spends they see. */
function report(run: Run): void {
  for (const [payment, note] of run.chance.some(lostNotes(run), 4)) complain(run, payment, note);
}

function prosecute(run: Run): void {
  for (const fraud of run.chance.some(run.docket.frauds, 1)) accuse(run, fraud);
}

/** Leaves that can never apply. They wait with the others and are sequenced again and again. */
function misbehave(run: Run): void {
  const { chance, model } = run;
  const takes = chance.some([...model.notes.keys()], 1 + chance.int(2));
  if (takes.length === 0) return run.submit({ leaf: undefined, sequenced: run.names.garbage() });
  const { holder, bank } = model.notes.get(takes[0]!)!;
  const value = worth(run, takes);
  const [thief, other] = chance.some(run.people, 2);
  const spend = { kind: "spend" as const, by: holder, takes };
  const whole = (to: Person) => cut(run, value, 1).map((part) => owed(to, part));
  const misdeeds: Omit<Payment, "name">[] = [
    { ...spend, by: holder === thief!.name ? other!.name : thief!.name, gives: whole(thief!) },
    { ...spend, gives: [...whole(thief!), owed(thief!, 1n)] },
    { ...spend, takes: [...takes, run.newName("a note that nobody made")], gives: whole(thief!) },
    { ...spend, gives: [{ ...owed(thief!, value), bank: 99 }] },
    { ...spend, gives: [{ ...owed(thief!, value), bank: thief!.bank === 1 ? 2 : 1 }] },
    { ...spend, gives: [burnt(bank, value)], by: thief!.name },
    {
      kind: "claim",
      by: model.banks.get(bank)!.vault,
      takes: [takes[0]!],
      gives: whole(thief!),
      secret: "none",
    },
  ];
  // An honest device signs no misdeed with a note of its own.
  const holders = takes.map((name) => model.notes.get(name)!.holder);
  const made = chance.pick(misdeeds.filter(({ by }) => !holders.includes(by) || !run.isHonest(by)));
  if (made.gives.some((target) => target.value > AMOUNT_MAX)) return;
  run.submit(run.draft(made));
  if (chance.is(20)) run.submit({ leaf: undefined, sequenced: run.names.garbage() });
}

/** A batch of what waits, in any order, with leaves that applied before or stand in it twice. */
function sequence(run: Run): void {
  const { chance } = run;
  const batch = chance.some([...run.waiting.values()], 1 + chance.int(8));
  if (chance.is(25)) batch.push(...chance.some(run.done, 1));
  if (chance.is(25)) batch.push(...chance.some(batch, 1));
  run.sequence(batch);
}

function wait(run: Run): void {
  run.timeS += run.chance.pick([1, 60, DELAY_S / 2, DELAY_S - 1, DELAY_S]);
}

/** Notes that payments on their way lost to others. */
export function lostNotes(run: Run): [Payment, string][] {
  const lost: [Payment, string][] = [];
  for (const { leaf } of run.waiting.values()) {
    if (leaf === undefined || !("takes" in leaf)) continue;
    for (const note of leaf.takes) {
      if (!run.model.takenBy.has(note) || run.notes.get(note)?.terms !== "owner") continue;
      if (!run.model.notes.has(amendsName(note, leaf.name))) lost.push([leaf, note]);
    }
  }
  return lost;
}

/** A payment that its payees take for good money: they have it from now on. */
function accept(run: Run, payment: Omit<Payment, "name">): Item {
  const item = run.draft(payment);
  const { name, gives } = item.leaf;
  run.submit(item);
  run.accepted.set(name, item.leaf);
  for (const person of run.people) {
    gives.forEach(({ holder, terms }, i) => {
      if (holder === person.name && terms === "owner") person.wallet.add(noteName(name, i));
    });
  }
  return item;
}

/** Mostly sequenced at once, sometimes left waiting. */
function online(run: Run, item: Item): void {
  if (run.chance.is(75)) run.sequence([item]);
  else run.submit(item);
}

function standing(run: Run, isMeant: (note: Note) => boolean): string[] {
  return [...run.model.notes].filter(([, note]) => isMeant(note)).map(([name]) => name);
}
