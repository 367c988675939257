/** What a device with a PIN lets happen before it was entered, and when it was entered wrong. */
import type { Case } from "../case.ts";
import type { Trial } from "../trial.ts";

const PIN = "4711";
const WRONG = "1174";
const UNBLOCKING = "12345678";
const PIN_TRIES = 3;
const UNBLOCKING_TRIES = 10;

export const pinCases: readonly Case[] = [
  {
    name: "pin-needed",
    rules: ["D26"],
    title:
      "pays once its PIN was entered, and not before; receives, confirms and repeats without it",
    async run(trial) {
      await started(trial);
      const payee = await trial.party("payee");
      const { request } = await payee.ask(10n);
      await trial.refuses(["pin-needed"], () => trial.subject.pay(request.bytes));
      await trial.takes(await trial.payment(await trial.party("payer"), 30n), 30n);
      await trial.subject.enterPin(PIN);
      const { ask, id } = await trial.pay(payee, 10n);
      await trial.subject.restart();
      await trial.subject.pay(ask.request.bytes);
      await trial.subject.confirm(await payee.confirm(id));
      const other = await payee.ask(10n);
      await trial.refuses(["pin-needed"], () => trial.subject.pay(other.request.bytes));
    },
  },
  {
    name: "pin-tries",
    rules: ["D26", "D22"],
    title: "blocks its PIN when it was entered wrong three times, whatever power it lost between",
    async run(trial) {
      await started(trial);
      for (let tried = 1; tried <= PIN_TRIES; tried++) {
        const isLast = tried === PIN_TRIES;
        await trial.refuses(isLast ? ["wrong-pin", "pin-blocked"] : ["wrong-pin"], () =>
          trial.subject.enterPin(WRONG),
        );
        await trial.subject.restart();
      }
      await trial.refuses(["pin-blocked"], () => trial.subject.enterPin(PIN));
      const { request } = await (await trial.party("payee")).ask(10n);
      await trial.refuses(["pin-needed"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "pin-right-gives-tries-back",
    rules: ["D26"],
    title: "counts the wrong tries since the last right one",
    async run(trial) {
      await started(trial);
      for (let round = 0; round < 2; round++) {
        for (let tried = 1; tried < PIN_TRIES; tried++) {
          await trial.refuses(["wrong-pin"], () => trial.subject.enterPin(WRONG));
        }
        await trial.subject.enterPin(PIN);
      }
      await trial.pay(await trial.party("payee"), 10n);
    },
  },
  {
    name: "pin-unblocked",
    rules: ["D26"],
    title: "takes another PIN with the unblocking code, and the first one no more",
    async run(trial) {
      await started(trial);
      await trial.refuses(["wrong-pin"], () => trial.subject.unblock("87654321", "0815"));
      await trial.subject.unblock(UNBLOCKING, "0815");
      await trial.subject.restart();
      await trial.refuses(["wrong-pin"], () => trial.subject.enterPin(PIN));
      await trial.subject.enterPin("0815");
      await trial.pay(await trial.party("payee"), 10n);
    },
  },
  {
    name: "unblocking-tries",
    rules: ["D26"],
    title: "blocks its unblocking code for good when it was entered wrong ten times",
    async run(trial) {
      await started(trial);
      for (let tried = 1; tried <= UNBLOCKING_TRIES; tried++) {
        await trial.refuses(["wrong-pin", "puk-blocked"], () =>
          trial.subject.unblock("00000000", "0815"),
        );
      }
      await trial.refuses(["puk-blocked"], () => trial.subject.unblock(UNBLOCKING, "0815"));
    },
  },
];

/** A device with money and a PIN, locked. */
async function started(trial: Trial): Promise<void> {
  await trial.needs("pin");
  await trial.start({ coins: [10n, 10n] });
  await trial.subject.setPin(PIN, UNBLOCKING);
  await trial.subject.restart();
}
