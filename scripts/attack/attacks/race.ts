/**
 * Everyone runs: both payees of a coin hand in at once, a member copies the report of another, and reports
 * it turned round, so that the winner would be paid as well.
 */
import { report } from "../../../node/chain/calls.ts";
import type { ChainClient } from "../../../node/chain/chain-client.ts";
import type { DoubleSpendProof } from "../../../node/chain/disputes.ts";
import { ChainRevert } from "../../../node/chain/errors.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { type Evidence, parseEvidence } from "../../../protocol/evidence.ts";
import { readDoubleSpend } from "../../../protocol/double-spend.ts";
import { proofOf } from "../../admin/proof.ts";
import type { Attack } from "../attack.ts";
import { inParallel, until } from "../patience.ts";
import type { Stage } from "../stage.ts";

const ROUNDS = 4;
/** Copies what the others report. */
const THIEF = 4;
const TURNED = "paid, turned round";

export const race: Attack = {
  name: "race",
  tried: `${ROUNDS} times both payees of a coin hand in at once; a member sends each report as its own, and turned round, from several clients`,
  async run(stage) {
    const amount = stage.chance.amount(20_00n, 60_00n);
    await using thief = await stage.operator(THIEF);
    await using colluder = await stage.operator(3);
    const rounds = await inParallel(Array.from({ length: ROUNDS }), ROUNDS, async () => {
      const cheat = await stage.person("cheat", 1);
      await cheat.load([amount]);
      const payees = await stage.crowd("payee", 2);
      const copy = await cheat.clone();
      const ids = [
        await cheat.pay(payees[0]!, amount),
        await copy.pay(payees[1]!, amount),
      ] as const;
      await Promise.all(payees.map((payee) => payee.sync()));
      return { payees, ids, sent: await copyReports(stage, ids, [thief, colluder]) };
    });
    await stage.applied(rounds.flatMap(({ ids }) => ids));
    const answers = rounds.flatMap(({ sent }) => sent);
    if (answers.includes(TURNED)) throw new Error("a report turned round was paid");
    const taken = answers.filter((answer) => answer === "taken").length;
    return {
      cheats: rounds.map(() => ({ bank: 1, losers: 1, amount, lost: amount })),
      honest: rounds.flatMap(({ payees }) => payees),
      happened: [
        `${taken} of the copied reports came first, and paid whom they name and nobody else`,
        `the others were refused: ${[...new Set(answers.filter((answer) => answer !== "taken"))].join(", ")}`,
      ],
    };
  },
};

/** Sends the report as soon as there is one to be made, twice, and each way round. @returns what was said. */
async function copyReports(
  stage: Stage,
  ids: readonly Hex[],
  thieves: readonly ChainClient[],
): Promise<string[]> {
  let evidence: Evidence | undefined;
  await until("the winner has settled", async () => {
    const [conflict] = (
      await Promise.all(ids.map((record) => stage.observer.conflicts({ record })))
    ).flat();
    if (conflict === undefined) return false;
    evidence = parseEvidence(await stage.observer.evidence(conflict.id as Hex));
    return evidence.losses[0]!.settlement !== null;
  });
  const proof = proofOf(stage.networkId, evidence!, evidence!.losses[0]!);
  const turned = turnedRound(stage.networkId, proof, evidence!);
  const calls = [proof, proof, turned, turned].map((each, i) =>
    thieves[i % thieves.length]!.send(report(each)).then(
      () => (each === turned ? TURNED : "taken"),
      (error: unknown) => {
        if (error instanceof ChainRevert) return error.errorName;
        throw error;
      },
    ),
  );
  return await Promise.all(calls);
}

/** The winner as if it had lost: with the place of the loser where the winner stood. */
function turnedRound(
  networkId: Uint8Array,
  proof: DoubleSpendProof,
  evidence: Evidence,
): DoubleSpendProof {
  const { outpoint, parent, winner } = evidence.losses[0]!;
  const turned = readDoubleSpend(networkId, {
    outpoint,
    parent: fromHex(parent),
    loser: fromHex(winner),
    winner: fromHex(evidence.loser),
  });
  return {
    ...proof,
    loser: { bytes: turned.loser, signer: turned.lost.signer },
    winner: turned.won.body,
  };
}
