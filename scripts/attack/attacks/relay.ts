/**
 * Somebody stands between two devices that are far apart and carries their messages, so that the payer thinks
 * it pays whoever is before it. What is relayed can be changed, handed to others, said again and held back: the
 * money comes to the device that asked for it, once, and to no other. Whose name the payer reads on its screen
 * is not the relayer's to choose either; that the payer reads it is all that no protocol can see to.
 */
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { decodeRequest, signRequest } from "../../../protocol/request.ts";
import type { Attack } from "../attack.ts";
import type { Person } from "../person.ts";
import type { Stage } from "../stage.ts";

export const relay: Attack = {
  name: "relay",
  tried:
    "somebody relays the messages of two devices that are far apart, changes them, hands the payment to other devices and to the same one again, and keeps the answer",
  async run(stage) {
    const amount = stage.chance.amount(20_00n, 60_00n);
    const [payer, payee, relayer] = await Promise.all([
      stage.person("payer", 1),
      stage.person("payee", 2),
      stage.person("relayer", 2),
    ]);
    await payer.load([2n * amount]);
    const asked = await payee.purse.request(amount);
    for (const changed of await changedRequests(stage, asked, relayer)) {
      await mustRefuse("bad-signature", "a changed request", () => payer.purse.pay(changed));
    }
    const paid = await payer.purse.pay(asked);
    await relayer.purse.request(amount);
    await mustRefuse("not-for-us", "a payment to another", () => relayer.purse.receive(paid));
    const { confirmation, amount: taken } = await payee.purse.receive(paid);
    // For a second order of the same amount, the first payment is shown once more.
    await payee.purse.request(amount);
    const again = await payee.purse.receive(paid);
    if (taken !== amount || again.amount !== 0n) throw new Error("the payee took a payment twice");
    payer.due -= amount;
    payee.due += amount;
    // Message 3 never comes to the payer: the ledger tells it.
    for (const each of [payee, payer]) await each.sync();
    await stage.applied([confirmation.id]);
    const { coins } = await stage.observer.coinsOf(relayer.owner);
    if (coins.length > 0) throw new Error("the relayer has money");
    return {
      cheats: [],
      honest: [payer, payee],
      happened: [
        "with another amount or another key in it the request was refused; nobody else could open the payment",
        "said twice it was taken once, and without its confirmation the payer heard of it with its sync",
      ],
    };
  },
};

/** More money for the payee, and the payee's name over a key that the relayer can open. */
async function changedRequests(
  { networkId }: Stage,
  asked: Uint8Array,
  relayer: Person,
): Promise<Uint8Array[]> {
  const request = decodeRequest(asked);
  const ephemeral = NodeSigner.generate().publicKey;
  const changed = [
    { ...request, amount: request.amount + 1n },
    { ...request, ephemeral },
  ];
  const signed = changed.map((each) => signRequest(networkId, each, relayer.signer));
  return (await Promise.all(signed)).map(({ bytes }) => bytes);
}

async function mustRefuse(
  code: RefusalCode,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isRefusal(error, code)) throw new Error(`${what} was not refused`, { cause: error });
}
