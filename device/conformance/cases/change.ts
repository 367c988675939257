/** What message 3 changes for a payer: change, and money that comes back. */
import type { Output } from "../../../protocol/output.ts";
import { outpointsOf } from "../../../protocol/record.ts";
import type { Signer } from "../../../protocol/signature.ts";
import type { Case } from "../case.ts";
import type { Made } from "../judge.ts";
import { type Party, payTo, type Spent } from "../party.ts";
import type { Trial } from "../trial.ts";

export const changeCases: readonly Case[] = [
  {
    name: "change-waits",
    rules: ["D5"],
    title: "frees change by the payee's message 3, and not before",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { id } = await trial.pay(payee, 30n);
      await trial.holds({ spendable: 0n, waiting: 70n });
      await trial.subject.confirm(await payee.confirm(id));
      await trial.holds({ spendable: 70n, waiting: 0n });
      await trial.pay(payee, 70n);
    },
  },
  {
    name: "confirms-again",
    rules: ["D3", "D5"],
    title: "takes message 3 again without any effect, and holds on to accepted",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { id } = await trial.payAndConfirm(payee, 30n);
      for (const status of ["accepted", "invalid"] as const) {
        await trial.subject.confirm(await payee.confirm(id, { status }));
        await trial.holds({ spendable: 70n, waiting: 0n });
      }
    },
  },
  {
    name: "change-not-by-invalid",
    rules: ["D5", "D4"],
    title: "keeps its coins committed when the payee says that the payment is invalid",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { id } = await trial.pay(payee, 30n);
      await trial.outcome(async () =>
        trial.subject.confirm(await payee.confirm(id, { status: "invalid" })),
      );
      await trial.holds({ spendable: 0n, waiting: 70n });
      const { request } = await (await trial.party("other")).ask(1n);
      await trial.refuses(["sync-needed"], () => trial.subject.pay(request.bytes));
    },
  },
  {
    name: "confirmation-forged",
    rules: ["D5"],
    title: "refuses a message 3 that the payee has not signed",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { id } = await trial.pay(payee, 30n);
      const forged = await payee.confirm(id, {}, trial.seed.key("stranger"));
      await trial.refuses(["bad-signature"], () => trial.subject.confirm(forged));
    },
  },
  {
    name: "confirmation-foreign",
    rules: ["D5"],
    title: "refuses a message 3 for a payment that it has not made",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { bundle: _, ...other } = await payee.pay(
        (await (await trial.party("other")).ask(30n)).request.bytes,
        [await payee.coin(30n)],
      );
      await trial.pay(payee, 30n);
      const foreign = await payee.confirm(other.id);
      await trial.refuses(["not-for-us"], () => trial.subject.confirm(foreign));
    },
  },
  {
    name: "return-taken",
    rules: ["D16", "D5"],
    title: "has its money back by a return, and can pay with it",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const made = await trial.pay(payee, 30n);
      await trial.subject.confirm(
        await payee.confirm(made.id, {
          status: "returned",
          returned: (await returnOf(trial, payee, made)).record,
        }),
      );
      await trial.holds({ spendable: 100n, waiting: 0n });
      await trial.pay(payee, 100n);
    },
  },
  {
    name: "return-short",
    rules: ["D16"],
    title: "refuses a return that gives back less than was paid, or something else",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const made = await trial.pay(payee, 30n);
      const keeps = [payTo(trial.certificate, 29n), payee.output(1n)];
      const elsewhere = [payee.output(30n)];
      const shown = [
        await returnOf(trial, payee, made, keeps),
        await returnOf(trial, payee, made, [payTo(trial.certificate, 29n)]),
        await returnOf(trial, payee, made, elsewhere),
        await payee.spend([await payee.coin(30n)], [payTo(trial.certificate, 30n)]),
      ];
      for (const { record } of shown) {
        const message = await payee.confirm(made.id, { status: "returned", returned: record });
        const codes = ["wrong-amount", "wrong-owner"] as const;
        await trial.refuses(codes, () => trial.subject.confirm(message));
      }
      const forged = await returnOf(trial, payee, made, undefined, trial.seed.key("stranger"));
      const message = await payee.confirm(made.id, { status: "returned", returned: forged.record });
      await trial.refuses(["wrong-owner", "bad-signature"], () => trial.subject.confirm(message));
    },
  },
];

/** A record by which a payee gives back what the device has paid it, or whatever else `outputs` say. */
function returnOf(
  trial: Trial,
  payee: Party,
  { record, payment }: Made,
  outputs?: readonly Output[],
  signer?: Signer,
): Promise<Spent> {
  const outpoints = outpointsOf(trial.consortium.networkId, record);
  const paid = record.outputs.findIndex(({ owner }) => owner === payee.owner);
  const output = record.outputs[paid]!;
  const coin = { outpoint: outpoints[paid]!, output, ancestry: payment.bundle };
  const back = outputs ?? [payTo(trial.certificate, output.amount)];
  return payee.spend([coin], back, {}, signer === undefined ? {} : { signer });
}
