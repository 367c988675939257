/** A case from its opening to its end, with a member that denies and a regulator that finds for the claimant. */
import { answerCase, enforce, ruleCase } from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Stage } from "./stage.ts";

export type Claim = {
  readonly claimant: MemberId;
  readonly accused: MemberId;
  /** Opens the case. */
  readonly opening: ContractCall;
};

/** Returns when the ruling is enforced. @throws ChainRevert as the contract refuses. */
export async function winCase(stage: Stage, { claimant, accused, opening }: Claim): Promise<void> {
  await using claiming = await stage.operator(claimant);
  await using denying = await stage.operator(accused);
  await using regulator = await stage.regulator();
  await claiming.send(opening);
  const caseId = Number((await claiming.reader.read("disputes", "caseCount"))[0]);
  await denying.send(answerCase(caseId, toHex(stage.chance.bytes(32))));
  await regulator.send(ruleCase(caseId, true));
  await claiming.send(enforce(caseId));
}
