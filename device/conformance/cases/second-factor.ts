/** What a device lets happen whose bank has set a second factor: which payments need a code, and which code. */
import { NOBODY, type Owner } from "../../../protocol/key.ts";
import type { Amount } from "../../../protocol/money.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import { WINDOW_MS } from "../../../protocol/second-factor-code.ts";
import { type Case, NotHere } from "../case.ts";
import { check } from "../finding.ts";
import { isSame } from "../judge.ts";
import type { Party } from "../party.ts";
import { SecondFactorDesk } from "../second-factor-desk.ts";
import type { Trial } from "../trial.ts";

const FROM = 100n;
const TRIES = 3;
/** No try writes as often as this. */
const MOMENTS_MAX = 64;
const COINS = Array.from({ length: 6 }, () => 200n);

export const secondFactorCases: readonly Case[] = [
  {
    name: "second-factor-needed",
    rules: ["D30", "D3", "D22"],
    title: "pays an amount that needs a code by the right one, once, and repeats without",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      await asksForCode(trial, payee, FROM);
      const code = desk.code(FROM, payee.owner);
      await enter(trial, FROM, payee.owner, code);
      await trial.subject.restart();
      const { ask, message, id } = await trial.pay(payee, FROM);
      await trial.subject.restart();
      const again = await trial.subject.pay(ask.request.bytes);
      check(isSame(again, message), "message 2 has the bytes of before");
      await trial.subject.confirm(await payee.confirm(id));
      await asksForCode(trial, payee, FROM);
      await trial.refuses(["wrong-second-factor"], () => enter(trial, FROM, payee.owner, code));
    },
  },
  {
    name: "second-factor-adds-up",
    rules: ["D30", "D22"],
    title: "adds up what leaves without a code until the next right one, whatever its bank renews",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      await trial.payAndConfirm(payee, 60n);
      await trial.payAndConfirm(payee, 30n);
      await trial.recertify();
      await trial.subject.restart();
      await asksForCode(trial, payee, 10n);
      await trial.payAndConfirm(payee, 9n);
      await asksForCode(trial, payee, 1n);
      await enter(trial, 1n, payee.owner, desk.code(1n, payee.owner));
      await trial.payAndConfirm(payee, 1n);
      await trial.payAndConfirm(payee, FROM - 1n);
      await asksForCode(trial, payee, 1n);
    },
  },
  {
    name: "second-factor-bound",
    rules: ["D30"],
    title: "takes a code for its amount and payee, of its minute or one beside it, and no other",
    async run(trial) {
      const desk = await started(trial);
      const [payee, other] = [await trial.party("payee"), await trial.party("other")];
      const wrong = [
        () => desk.code(FROM + 1n, payee.owner),
        () => desk.code(FROM, other.owner),
        () => desk.code(FROM, payee.owner, -2),
        () => desk.code(FROM, payee.owner, 2),
      ];
      for (const codeOf of wrong) {
        await trial.refuses(["wrong-second-factor"], () =>
          enter(trial, FROM, payee.owner, codeOf()),
        );
        await asksForCode(trial, payee, FROM);
        await desk.set(FROM);
      }
      for (const windows of [-1, 0, 1]) {
        await enter(trial, FROM, payee.owner, desk.code(FROM, payee.owner, windows));
        await trial.payAndConfirm(payee, FROM);
      }
    },
  },
  {
    name: "second-factor-opens-one",
    rules: ["D30"],
    title: "lets a code open the payment that it is for, while its time lasts, and no other",
    async run(trial) {
      const desk = await started(trial);
      const [payee, other] = [await trial.party("payee"), await trial.party("other")];
      await enter(trial, FROM, payee.owner, desk.code(FROM, payee.owner));
      await asksForCode(trial, payee, FROM + 1n);
      await asksForCode(trial, other, FROM);
      await trial.payAndConfirm(payee, FROM);
      trial.consortium.pass(WINDOW_MS);
      await trial.recertify();
      await enter(trial, FROM, payee.owner, desk.code(FROM, payee.owner));
      trial.consortium.pass(3 * WINDOW_MS);
      await trial.recertify();
      await asksForCode(trial, payee, FROM);
    },
  },
  {
    name: "second-factor-tries",
    rules: ["D30", "D22"],
    title:
      "blocks what needs a code when three were wrong, whatever power it lost between, until its bank sets it anew",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      for (let tried = 1; tried <= TRIES; tried++) {
        const isLast = tried === TRIES;
        await entersWrong(trial, desk, payee, isLast ? ["second-factor-blocked"] : []);
        await trial.subject.restart();
      }
      await isBlocked(trial, desk, payee);
      const { request } = await payee.ask(FROM);
      await trial.refuses(["second-factor-blocked"], () => trial.subject.pay(request.bytes));
      await trial.payAndConfirm(payee, FROM - 1n);
      await desk.set(FROM);
      await enter(trial, FROM, payee.owner, desk.code(FROM, payee.owner));
      await trial.payAndConfirm(payee, FROM);
    },
  },
  {
    name: "second-factor-right-gives-tries-back",
    rules: ["D30"],
    title: "counts the wrong codes since the last right one",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      for (let round = 0; round < 2; round++) {
        for (let tried = 1; tried < TRIES; tried++) {
          await entersWrong(trial, desk, payee);
        }
        await enter(trial, FROM, payee.owner, desk.code(FROM, payee.owner));
        trial.consortium.pass(WINDOW_MS);
        await trial.recertify();
      }
    },
  },
  {
    name: "second-factor-cut",
    rules: ["D30", "D22"],
    title:
      "counts each wrong code before it answers, though its power goes before the answer comes",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      const moments = await momentsOf(trial, desk, payee);
      for (let tried = 1; tried <= TRIES; tried++) {
        await isCut(trial, desk, payee, moments - 1);
      }
      await isBlocked(trial, desk, payee);
    },
  },
  {
    name: "second-factor-to-codes",
    rules: ["D30", "D27"],
    title: "pays to a claim code by a second factor for nobody, where the amount needs one",
    async run(trial) {
      await trial.needs("codes");
      const desk = await started(trial);
      const payCode = () => trial.subject.payCode(FROM, "open sesame", 2);
      await trial.refuses(["second-factor-needed"], payCode);
      await enter(trial, FROM, NOBODY, desk.code(FROM, NOBODY));
      await payCode();
    },
  },
  {
    name: "second-factor-granted",
    rules: ["D30"],
    title:
      "takes a second factor from its own bank alone, newer than the one it has and sealed to its last question",
    async run(trial) {
      const desk = await started(trial);
      const payee = await trial.party("payee");
      const earlier = await desk.ask();
      const late = await desk.grant(earlier.key, { from: 1n });
      const { key } = await desk.ask();
      const stranger = trial.seed.key("a stranger").publicKey;
      const untrue = [
        late,
        await desk.grant(key, { from: 1n }, trial.consortium.issuer(2)),
        await desk.grant(key, { from: 0n }, trial.consortium.issuer(2)),
        await desk.grant(key, { from: 1n, member: 2 }),
        await desk.grant(key, { from: 0n, keeper: stranger }),
        await desk.grant(key, { from: 0n, version: desk.version }),
      ];
      for (const { bytes } of untrue) {
        await trial.leavesAsItWas(async () => {
          await trial.outcome(() => trial.subject.takeSecondFactors([bytes]));
        });
        await asksForCode(trial, payee, FROM);
      }
      await trial.payAndConfirm(payee, FROM - 1n);
      await desk.set(0n);
      await trial.payAndConfirm(payee, FROM);
    },
  },
];

/** A device with money, whose bank has set a second factor. */
async function started(trial: Trial): Promise<SecondFactorDesk> {
  await trial.needs("second-factor");
  await trial.start({ coins: COINS });
  const desk = new SecondFactorDesk(trial);
  await desk.set(FROM);
  return desk;
}

function enter(trial: Trial, amount: Amount, payee: Owner, code: string): Promise<void> {
  return trial.subject.enterSecondFactor(amount, payee, code);
}

/** @param others codes of refusals that are as good. */
async function entersWrong(
  trial: Trial,
  desk: SecondFactorDesk,
  { owner }: Party,
  others: readonly RefusalCode[] = [],
): Promise<void> {
  await trial.refuses(["wrong-second-factor", ...others], () =>
    enter(trial, FROM, owner, desk.wrongCode(FROM, owner)),
  );
}

async function asksForCode(trial: Trial, payee: Party, amount: Amount): Promise<void> {
  const { request } = await payee.ask(amount);
  await trial.refuses(["second-factor-needed"], () => trial.subject.pay(request.bytes));
}

async function isBlocked(trial: Trial, desk: SecondFactorDesk, { owner }: Party): Promise<void> {
  await trial.refuses(["second-factor-blocked"], () =>
    enter(trial, FROM, owner, desk.code(FROM, owner)),
  );
}

/** At how many moments of a wrong try the power can go, each tried after a fresh grant. */
async function momentsOf(trial: Trial, desk: SecondFactorDesk, payee: Party): Promise<number> {
  const { cuts } = await trial.subject.hello();
  if (!cuts) throw new NotHere("the implementation cannot be cut off within a command");
  let moments = 0;
  while (moments < MOMENTS_MAX && (await isCut(trial, desk, payee, moments))) {
    await desk.set(FROM);
    moments += 1;
  }
  check(moments > 0, "the device writes a try down, so that it can be cut off");
  await desk.set(FROM);
  return moments;
}

/** Whether the power goes at that moment of a wrong try. */
async function isCut(
  trial: Trial,
  desk: SecondFactorDesk,
  { owner }: Party,
  moment: number,
): Promise<boolean> {
  const wrong = () => enter(trial, FROM, owner, desk.wrongCode(FROM, owner));
  const told = await trial.subject.cut(moment, async () => [await trial.outcome(wrong)]);
  return told === undefined;
}
