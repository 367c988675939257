/**
 * The guarantee for a device is there for whoever comes first. Accomplices come first, and an honest payee
 * last: nothing is left for her, and a case above the guarantee gets her the money.
 */
import { openDoubleSpend } from "../../../node/chain/calls.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { parseEvidence } from "../../../protocol/evidence.ts";
import { proofOf } from "../../admin/proof.ts";
import type { Attack } from "../attack.ts";
import { winCase } from "../court.ts";
import { inParallel } from "../patience.ts";
import { CROWD } from "../stage.ts";

const BANK = 1;
const CLAIMANT = 2;

export const usedUpGuarantee: Attack = {
  name: "used-up-guarantee",
  tried:
    "accomplices of a cloned purse use up the bank's guarantee before an honest payee comes online",
  async run(stage) {
    // The most that the devnet's devices pay at once, or nearly.
    const amount = stage.chance.amount(180_00n, 199_99n);
    const covered = Number(stage.policy.guarantees.get(BANK)! / amount);
    const cheat = await stage.person("cheat", BANK);
    await cheat.load([amount]);
    const accomplices = await stage.crowd("accomplice", covered + 1);
    const honest = await stage.person("payee", CLAIMANT);
    const payees = [...accomplices, honest];
    const purses = await inParallel(payees, CROWD, () => cheat.clone());
    const ids = await inParallel(purses, CROWD, (purse, i) => purse.pay(payees[i]!, amount));
    await inParallel(accomplices, CROWD, (accomplice) => accomplice.sync());
    await stage.ended(ids.slice(0, -1));
    await honest.sync();
    const lost = ids.at(-1)!;
    await stage.ended([lost]);
    const [status] = await stage.observer.statuses([lost]);
    if (status!.state === "applied") throw new Error("the guarantee was not used up");

    const evidence = parseEvidence(await stage.observer.evidence(lost));
    const proof = proofOf(stage.networkId, evidence, evidence.losses[0]!);
    const opening = openDoubleSpend(proof, toHex(stage.chance.bytes(32)));
    await winCase(stage, { claimant: CLAIMANT, accused: BANK, opening });
    await stage.applied([lost]);
    const losers = covered + 1;
    return {
      cheats: [{ bank: BANK, losers, amount, lost: BigInt(losers) * amount }],
      rulings: [{ bank: BANK, amount }],
      honest: [honest],
      happened: [
        `${covered} accomplices were paid from the bond, and the payee was not`,
        "her bank opened a case; the regulator ruled; her payment has applied",
      ],
    };
  },
};
