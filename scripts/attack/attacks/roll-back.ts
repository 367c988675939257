/**
 * A purse is saved, spent, settled, and restored from the copy: it does not know that it has paid. Payees
 * who have synced since the bank revoked the device are not even touched by it.
 */
import { decodeRevocationList } from "../../../protocol/lists.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { Attack } from "../attack.ts";
import { until } from "../patience.ts";

export const rollBack: Attack = {
  name: "roll-back",
  tried: "a purse is restored from a copy made before it paid and synced, and pays again, twice",
  async run(stage) {
    const cheat = await stage.person("cheat", 1);
    const coin = stage.chance.amount(100_00n, 150_00n);
    const [first, second] = [
      stage.chance.amount(10_00n, coin / 2n),
      stage.chance.amount(10_00n, coin / 2n),
    ];
    await cheat.load([coin]);
    const [a, b, c] = await Promise.all([
      stage.person("payee", 1),
      stage.person("payee", 2),
      stage.person("payee", 1),
    ]);
    const restored = await cheat.clone();
    const restoredAgain = await cheat.clone();
    const won = await cheat.pay(a, first);
    await cheat.sync();
    await stage.applied([won]);
    const lost = await restored.pay(b, second);
    await b.sync();
    await stage.applied([lost]);
    await until("the bank's list names the device", async () => {
      const list = await fetch(`${stage.devnet.deviceUrl(1)}/v1/lists/revocations`);
      const { prefixes } = decodeRevocationList(new Uint8Array(await list.arrayBuffer()));
      return prefixes.some((prefix) => cheat.owner.startsWith(prefix));
    });
    await c.sync();
    const refusal = await restoredAgain.pay(c, second).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isRefusal(refusal, "revoked"))
      throw new Error("a payee that knows of the revocation took money", { cause: refusal });
    return {
      cheats: [{ bank: 1, losers: 1, amount: second, lost: coin }],
      honest: [a, b, c],
      happened: [
        "the first restored purse was believed once, and its payee has the money",
        "the second was refused: the payee's device knew that the bank had revoked it",
      ],
    };
  },
};
