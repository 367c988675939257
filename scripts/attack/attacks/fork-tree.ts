/** Two clones in one tree of payments, several hops deep: most of those who pay on what they got are honest. */
import type { Hex } from "../../../protocol/bytes.ts";
import type { Attack } from "../attack.ts";
import { inParallel } from "../patience.ts";
import { CROWD } from "../stage.ts";

/** As deep as the certificates of the devnet's devices let offline money travel. */
const HOPS = 3;

export const forkTree: Attack = {
  name: "fork-tree",
  tried: `a cloned purse pays two payees with one coin, one of them clones its purse too, and all pay on ${HOPS} hops deep before anyone syncs`,
  async run(stage) {
    const amount = stage.chance.amount(80_00n, 120_00n);
    const [cheat, second, honest] = await Promise.all([
      stage.person("cheat", 1),
      stage.person("cheat", 2),
      stage.person("payee", 2),
    ]);
    await cheat.load([amount]);
    const copy = await cheat.clone();
    const ids: Hex[] = [await cheat.pay(honest, amount), await copy.pay(second, amount)];
    const secondCopy = await second.clone();
    const lines = await inParallel([honest, second, secondCopy], CROWD, async (start) => {
      const line = await stage.crowd("payee", HOPS);
      let payer = start;
      // Each keeps a tenth; a cheat keeps nothing.
      let passed = amount;
      for (const payee of line) {
        if (payer === honest || line.includes(payer)) passed -= passed / 10n;
        ids.push(await payer.pay(payee, passed));
        payer = payee;
      }
      return line;
    });
    const all = [honest, ...lines.flat()];
    // The last of each line comes online first, and brings everything that led to it.
    const order = all.toReversed();
    for (const each of order) await each.sync();
    await stage.applied(ids);
    return {
      cheats: [
        { bank: 1, losers: 1, amount, lost: amount },
        { bank: 2, losers: 1, amount, lost: amount },
      ],
      honest: all,
      happened: [`all ${ids.length} payments stand, those behind a loser too`],
    };
  },
};
