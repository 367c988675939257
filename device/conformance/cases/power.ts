/** What a device keeps when it loses its power: between two commands, and at every moment of one. */
import type { Outpoint } from "../../../protocol/output.ts";
import { type Case, NotHere } from "../case.ts";
import { check, Finding } from "../finding.ts";
import { isSame, judgeConfirmation, judgePayment, type Made } from "../judge.ts";
import { BrokenOff, SubjectRefusal } from "../subject.ts";
import type { Trial } from "../trial.ts";

/** No command writes as often as this. */
const MOMENTS_MAX = 64;

export const powerCases: readonly Case[] = [
  {
    name: "request-kept",
    rules: ["D22", "D6"],
    title: "takes the payment to a request that it showed before it was without power",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      await trial.subject.restart();
      await trial.takes(paid, 30n);
      await trial.holds({ spendable: 30n });
    },
  },
  {
    name: "request-stays-closed",
    rules: ["D22", "D6", "D11"],
    title: "takes no second payment to a request after it has been without power",
    async run(trial) {
      await trial.start();
      const { bytes } = await trial.request(30n);
      const [one, two] = [await trial.party("one"), await trial.party("two")];
      await trial.takes(await one.pay(bytes, [await one.coin(30n)]), 30n);
      await trial.subject.restart();
      await trial.returns(await two.pay(bytes, [await two.coin(30n)]), ["already-paid"]);
    },
  },
  {
    name: "payment-kept",
    rules: ["D22", "D3", "D4"],
    title:
      "gives the same message 2, and pays nothing else with its coins, after it has been without power",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { message, ask, id } = await trial.pay(payee, 30n);
      await trial.subject.restart();
      const other = await (await trial.party("other")).ask(10n);
      await trial.refuses(["sync-needed"], () => trial.subject.pay(other.request.bytes));
      const again = await trial.subject.pay(ask.request.bytes);
      check(isSame(again, message), "message 2 has the bytes of before");
      await trial.subject.confirm(await payee.confirm(id));
      await trial.subject.restart();
      await trial.holds({ spendable: 70n, waiting: 0n });
      const pending = await trial.subject.pending();
      check(pending.length === 1, "the payment is still pending");
    },
  },
  {
    name: "answer-kept",
    rules: ["D22", "D3"],
    title: "gives the same message 3, and has the money once, after it has been without power",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      const { bytes } = await trial.takes(paid, 30n);
      await trial.subject.restart();
      const again = await trial.subject.receive(paid.message);
      check(isSame(again.message, bytes), "message 3 has the bytes of before");
      await trial.holds({ spendable: 30n });
    },
  },
  {
    name: "limits-kept",
    rules: ["D22", "D12"],
    title: "counts the payments that it made before it was without power",
    async run(trial) {
      await trial.start({ coins: [10n, 10n], certificate: { maxCount: 1, windowS: 3600 } });
      const payee = await trial.party("payee");
      await trial.payAndConfirm(payee, 10n);
      await trial.subject.restart();
      const { request } = await payee.ask(10n);
      await trial.refuses(["over-count-limit"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "cut-when-asking",
    rules: ["D22", "D6"],
    title: "asks again, cut off at any moment of asking, and is paid",
    async run(trial) {
      await atEveryMoment(trial, async (moment) => {
        await trial.start();
        const wasCut = await trial.subject.cut(moment, () => trial.subject.request(10n));
        const payer = await trial.party("payer");
        await trial.takes(await trial.payment(payer, 30n), 30n);
        await trial.holds({ spendable: 30n });
        return wasCut === undefined;
      });
    },
  },
  {
    name: "cut-when-paying",
    rules: ["D22", "D3", "D4"],
    title:
      "signs one body for a coin, cut off at any moment of paying, and asked to pay someone else",
    async run(trial) {
      await atEveryMoment(trial, async (moment) => {
        await trial.start({ coins: [100n] });
        const [one, two] = [await trial.party("one"), await trial.party("two")];
        const asks = [await one.ask(30n), await two.ask(40n)] as const;
        const { bytes } = asks[0].request;
        const wasCut = await trial.subject.cut(moment, () => trial.subject.pay(bytes));
        const made: Made[] = [];
        for (const [i, payee] of [two, one].entries()) {
          const ask = asks[1 - i]!;
          const outcome = await trial.outcome(() => trial.subject.pay(ask.request.bytes));
          if (outcome instanceof SubjectRefusal) continue;
          made.push(await judgePayment(trial.bench, payee, ask, outcome));
        }
        checkOneBody(made);
        check(made.length === 1, `it pays one of the two, not ${made.length}`);
        const [{ id, change }] = made as [Made];
        const payee = change === 70n ? one : two;
        await trial.subject.confirm(await payee.confirm(id));
        await trial.holds({ spendable: change, waiting: 0n });
        return wasCut === undefined;
      });
    },
  },
  {
    name: "cut-when-paid",
    rules: ["D22", "D3"],
    title:
      "has the money once, cut off at any moment of being paid, and answers with one message 3",
    async run(trial) {
      await atEveryMoment(trial, async (moment) => {
        await trial.start();
        const payer = await trial.party("payer");
        const paid = await trial.payment(payer, 30n);
        const first = await trial.subject.cut(moment, () => trial.subject.receive(paid.message));
        const { message } = first ?? (await trial.subject.receive(paid.message));
        await judgeConfirmation(trial.bench, message, paid.id, "accepted");
        const again = await trial.subject.receive(paid.message);
        check(isSame(again.message, message), "message 3 is the same when it is asked for again");
        await trial.holds({ spendable: 30n, frozen: 0n, waiting: 0n });
        return first === undefined;
      });
    },
  },
  {
    name: "cut-when-confirmed",
    rules: ["D22", "D5"],
    title: "has its change, cut off at any moment of taking message 3, when message 3 comes again",
    async run(trial) {
      await atEveryMoment(trial, async (moment) => {
        await trial.start({ coins: [100n] });
        const payee = await trial.party("payee");
        const { id } = await trial.pay(payee, 30n);
        const message = await payee.confirm(id);
        const act = async () => (await trial.subject.confirm(message), true);
        const isDone = await trial.subject.cut(moment, act);
        await trial.subject.confirm(message);
        await trial.holds({ spendable: 70n, waiting: 0n });
        return isDone === undefined;
      });
    },
  },
  {
    name: "cut-when-loaded",
    rules: ["D22", "D20"],
    title: "has a load once, cut off at any moment of taking its receipts",
    async run(trial) {
      await atEveryMoment(trial, async (moment) => {
        await trial.start();
        const receipts = [await trial.consortium.coin(trial.owner, 1, 60n)];
        const act = async () => (await trial.subject.refresh({ receipts }), true);
        const isDone = await trial.subject.cut(moment, act);
        await trial.subject.refresh({ receipts });
        await trial.holds({ spendable: 60n, frozen: 0n });
        return isDone === undefined;
      });
    },
  },
  {
    name: "in-one-place",
    rules: ["D23"],
    title: "does nothing for a second program while the first has it open",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const twin = await reach(trial);
      if (twin === undefined) return;
      try {
        const outcome = await trial.outcome(() => twin.subject.balance());
        if (!(outcome instanceof SubjectRefusal)) {
          throw new Finding("a second program is refused, or does not start; it was answered");
        }
      } catch (error) {
        if (!(error instanceof BrokenOff)) throw error;
      } finally {
        await twin.close();
      }
      await trial.pay(await trial.party("payee"), 30n);
    },
  },
];

/** A second way to the device; undefined if there is none because the device is in use. */
async function reach(trial: Trial) {
  try {
    const twin = await trial.subject.twin();
    if (twin === undefined) throw new NotHere("there is one way to the device");
    return twin;
  } catch (error) {
    if (error instanceof BrokenOff) return undefined;
    throw error;
  }
}

/**
 * Tries a command with a cut at each of its moments, until there are no more.
 * @param attempt a fresh device each time. @returns whether the power went.
 */
async function atEveryMoment(
  trial: Trial,
  attempt: (moment: number) => Promise<boolean>,
): Promise<void> {
  const { cuts } = await trial.subject.hello();
  if (!cuts) throw new NotHere("the implementation cannot be cut off within a command");
  for (let moment = 0; moment < MOMENTS_MAX; moment++) {
    if (await attempt(moment)) continue;
    check(moment > 0, "the command writes what it does, so that it can be cut off");
    return;
  }
  throw new Finding(`the command ends within ${MOMENTS_MAX} moments`);
}

/** Whether no coin is an input of two of these records. */
function checkOneBody(made: readonly Made[]): void {
  const bodies = new Map<Outpoint, string>();
  for (const { record } of made) {
    for (const input of record.inputs) {
      const body = bodies.get(input) ?? record.body.join();
      check(body === record.body.join(), `coin ${input} stands in one body, not in two`);
      bodies.set(input, body);
    }
  }
}
