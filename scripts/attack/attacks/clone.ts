/** A purse is copied, and every copy pays somebody with the same coin. */
import type { Attack } from "../attack.ts";
import { inParallel } from "../patience.ts";
import { CROWD } from "../stage.ts";

/** @param copies besides the purse they are made of. @param amount what each pays. */
function cloneAttack(copies: number, amount: bigint): Attack {
  return {
    name: `clone-${copies}`,
    tried: `${copies === 1 ? "a copy" : `${copies} copies`} of a purse spend the coin that the purse has spent, at as many payees, all offline`,
    async run(stage) {
      const cheat = await stage.person("cheat", 1);
      await cheat.load([amount]);
      const payees = await stage.crowd("payee", copies + 1);
      const clones = await inParallel(payees.slice(1), CROWD, () => cheat.clone());
      const ids = await inParallel([cheat, ...clones], CROWD, (purse, i) =>
        purse.pay(payees[i]!, amount),
      );
      await inParallel(payees, CROWD, (payee) => payee.sync());
      await stage.ended(ids);
      const statuses = await stage.devnet.client(1).statuses(ids);
      const paid = statuses.filter(({ state }) => state === "applied");
      return {
        cheats: [{ bank: 1, losers: copies, amount, lost: BigInt(copies) * amount }],
        honest: payees,
        happened: [`${paid.length} of ${ids.length} payees have their money`],
      };
    },
  };
}

export const cloneAttacks = [
  cloneAttack(1, 100_00n),
  cloneAttack(10, 100_00n),
  // Four times what the bank guarantees for a device.
  cloneAttack(1000, 20_00n),
];
