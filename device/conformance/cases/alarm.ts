/** What tills of one shop tell each other of coins that they have taken. */
import { recordId } from "../../../protocol/record.ts";
import type { Case } from "../case.ts";

export const alarmCases: readonly Case[] = [
  {
    name: "alarm-heard",
    rules: ["D29"],
    title: "takes no coin of which it has heard that another till took it, and any other",
    async run(trial) {
      await trial.needs("alarm");
      await trial.start();
      const payer = await trial.party("payer");
      const [spent, unspent] = [await payer.coin(30n), await payer.coin(30n)];
      const elsewhere = await payer.spend([spent], [(await trial.party("other")).output(30n)]);
      const { networkId } = trial.consortium;
      const taker = recordId(networkId, elsewhere.record.body);
      const paid = await trial.payment(payer, 30n, { coins: [spent] });
      await trial.subject.hearTaken(spent.outpoint, taker);
      await trial.turnsDown(paid, ["spent"]);
      await trial.takes(await trial.payment(payer, 30n, { coins: [unspent] }), 30n);
    },
  },
  {
    name: "alarm-own",
    rules: ["D29"],
    title: "takes a coin of which it hears that the very record took it that it is shown",
    async run(trial) {
      await trial.needs("alarm");
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      await trial.subject.hearTaken(paid.record.inputs[0]!, paid.id);
      await trial.takes(paid, 30n);
    },
  },
];
