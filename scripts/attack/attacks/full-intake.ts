/**
 * Strangers fill a gateway with records that are in order and can never apply. It has acknowledged them, and
 * keeps them for weeks: half of its room is out of their reach, and there its own customers are served.
 */
import { encodeLeaves } from "../../../protocol/leaf-list.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import type { Attack } from "../attack.ts";
import { INTAKE_LEAVES } from "../stage.ts";
import { spendUnknownCoins } from "../unknown-coins.ts";

const VICTIM = 2;
const PIECE = 1024;

export const fullIntake: Attack = {
  name: "full-intake",
  tried:
    "strangers hand a gateway as many signed spends of coins that never were as it takes, until it is full",
  async run(stage) {
    const amount = stage.chance.amount(20_00n, 90_00n);
    const payer = await stage.person("payer", 1);
    const payee = await stage.person("payee", VICTIM);
    await payer.load([amount]);
    const stranger = NodeSigner.generate();
    let taken = 0;
    let status = 200;
    while (status === 200 && taken < INTAKE_LEAVES) {
      const leaves = await spendUnknownCoins(stage, stranger, PIECE);
      const answer = await fetch(`${stage.devnet.deviceUrl(VICTIM)}/v1/leaves`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: Uint8Array.from(encodeLeaves(leaves)),
      });
      await answer.arrayBuffer();
      status = answer.status;
      if (status === 200) taken += PIECE;
    }
    if (status !== 503) throw new Error(`the gateway took ${taken} leaves from strangers`);
    const paid = await payer.pay(payee, amount);
    await payee.sync();
    await stage.applied([paid]);
    return {
      cheats: [],
      honest: [payer, payee],
      happened: [
        `the gateway took ${taken} of a room of ${INTAKE_LEAVES}, and then none; its own customer synced at once`,
      ],
    };
  },
};
