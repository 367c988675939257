/** One small coin is spent elsewhere first, so that a large payment that also names it cannot apply. */
import type { Attack } from "../attack.ts";

/** As many as a load comes in. */
const COINS = 15;

export const multiInput: Attack = {
  name: "multi-input",
  tried: `one of ${COINS} coins of a payment was spent elsewhere: the whole payment is to be lost, or all of it paid by the bank`,
  async run(stage) {
    const cheat = await stage.person("cheat", 1);
    const part = stage.chance.amount(5_00n, 10_00n);
    await cheat.load(Array.from({ length: COINS }, () => part));
    const [shop, accomplice] = await Promise.all([
      stage.person("shop", 2),
      stage.person("accomplice", 1),
    ]);
    const copy = await cheat.clone();
    const won = await copy.pay(accomplice, part);
    await accomplice.sync();
    await stage.applied([won]);
    const lost = await cheat.pay(shop, BigInt(COINS) * part);
    await shop.sync();
    await stage.applied([lost]);
    return {
      cheats: [{ bank: 1, losers: 1, amount: BigInt(COINS) * part, lost: part }],
      honest: [shop, accomplice],
      happened: ["the bank made good the one coin that was lost, and the payment applied whole"],
    };
  },
};
