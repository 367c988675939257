/**
 * The customer's gateway dies at every other of its writes in turn, with the write on the disk or without it,
 * while a customer pays online. Whoever was asking asks again, and in the end the merchant is paid once.
 */
import { expect } from "chai";
import { isRefusal } from "../../../protocol/refusal.ts";
import { until } from "../../support/until.ts";
import type { Bank } from "../support/bank.ts";
import { type Begun, OnlineWorld } from "../support/online-world.ts";

describe("a gateway that dies during an online payment", () => {
  it("at one write or another, written or lost, pays the merchant once [N-13, R-121]", async () => {
    await using world = await OnlineWorld.open();
    const bank = world.customers;
    let cuts = 0;
    for (let at = 1, wasCut = true; wasCut; at += 2) {
      const paid = BigInt(await world.available(world.merchants, "kiosk"));
      const had = BigInt(await world.available(bank, "anna"));
      const order = await world.order(`o-${at}`, 10n);
      await bank.stop();
      await bank.start({ at, written: at % 4 === 1 });
      wasCut = await payThrough(world, order);
      await until("the merchant is paid once", async () => {
        return BigInt(await world.available(world.merchants, "kiosk")) === paid + 10n;
      });
      // What is written after the payment is made may be the last, too.
      if (bank.store.isCut) await bank.restart();
      await until("the customer has paid once", () => hasPaidOnce(bank, had - 10n));
      if (wasCut) cuts++;
    }
    expect(cuts).to.be.above(7);
  });
});

async function hasPaidOnce(bank: Bank, left: bigint): Promise<boolean> {
  if (bank.store.isCut) await bank.restart();
  const { available, held } = await bank.balance("anna");
  return BigInt(available) === left && held === "0";
}

/**
 * From password to paid, begun again wherever the gateway dies before the code was right.
 * @returns whether it died.
 */
async function payThrough(world: OnlineWorld, order: string): Promise<boolean> {
  let died = false;
  const bank = world.customers;
  let begun: Begun | undefined;
  for (;;) {
    try {
      if (begun === undefined) {
        begun = await world.begin(order);
        await world.sendCode(begun);
        await world.enter(begun, world.code(await world.lastMessage()));
      }
      await world.untilState(begun, "paid");
      if (!bank.store.isCut) return died;
    } catch (error) {
      if (!bank.store.isCut) throw error;
      died = true;
      await bank.restart();
      begun = await resumed(world, begun);
    }
  }
}

/** A payment goes on where it was: authorized, it is paid; otherwise it is begun anew. */
async function resumed(world: OnlineWorld, begun: Begun | undefined): Promise<Begun | undefined> {
  if (begun === undefined) return undefined;
  try {
    const { state } = await world.state(begun);
    return state === "authorised" || state === "paid" ? begun : undefined;
  } catch (error) {
    if (isRefusal(error, "not-found")) return undefined;
    throw error;
  }
}
