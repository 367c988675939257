/** All attacks there are, in the order in which they are played: what leaves much behind comes last. */
import type { Attack } from "./attack.ts";
import { cloneAttacks } from "./attacks/clone.ts";
import { dust } from "./attacks/dust.ts";
import { falseReceipts } from "./attacks/false-receipt.ts";
import { forkTree } from "./attacks/fork-tree.ts";
import { fullIntake } from "./attacks/full-intake.ts";
import { lyingGateway } from "./attacks/lying-gateway.ts";
import { multiInput } from "./attacks/multi-input.ts";
import { race } from "./attacks/race.ts";
import { relay } from "./attacks/relay.ts";
import { rogueMember } from "./attacks/rogue-member.ts";
import { rollBack } from "./attacks/roll-back.ts";
import { spam } from "./attacks/spam.ts";
import { usedUpGuarantee } from "./attacks/used-up-guarantee.ts";

export const attacks: readonly Attack[] = [
  rollBack,
  multiInput,
  forkTree,
  relay,
  race,
  ...falseReceipts,
  ...rogueMember,
  ...lyingGateway,
  spam,
  fullIntake,
  dust,
  usedUpGuarantee,
  ...cloneAttacks,
];
