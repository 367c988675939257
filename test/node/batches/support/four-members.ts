/** A node's ledger and pool among four members, whose validators are "validator n" of the tests' networks. */
import { type Hex, toHex } from "../../../../protocol/bytes.ts";
import { type Leaf, leafHash } from "../../../../protocol/leaf.ts";
import { memberStatus } from "../../../../protocol/rules.ts";
import { type Domain, validatorAddress } from "../../../../protocol/typed-data.ts";
import { Directory } from "../../../../node/directory.ts";
import { Validator } from "../../../../node/validator.ts";
import { keyOf, networkId } from "../../../support/ledger-parts.ts";
import { validatorKey } from "../../../support/network.ts";
import { Rig, SELF } from "../../evidence/support/rig.ts";

export const MEMBERS = [1, 2, 3, 4];
export const OTHERS = MEMBERS.filter((member) => member !== SELF);

export const domain: Domain = {
  chainId: 1n,
  settlement: `0x${"33".repeat(20)}`,
  networkId: toHex(networkId),
};

export async function openFourMembers(): Promise<Rig> {
  const rig = await Rig.open();
  await rig.take({
    kind: "member-changed",
    member: 4,
    status: memberStatus.active,
    issuer: keyOf("issuer of 4").publicKey,
    treasury: keyOf("treasury of 4").publicKey,
  });
  return rig;
}

/** As the registry has them, all active. */
export function directoryOfFour(): Directory {
  const directory = new Directory();
  directory.update({
    members: MEMBERS.map((member) => ({
      member,
      status: memberStatus.active,
      validator: validatorAddress(validatorKey(member)),
      intake: keyOf(`intake of ${member}`).publicKey,
      name: `Member ${member}`,
      peerId: `peer-${member}`,
      addresses: [],
    })),
    observers: [],
  });
  return directory;
}

export function validatorOf(member: number, directory: Directory): Validator {
  return new Validator(member, [validatorKey(member)], directory);
}

export function hashesOf(leaves: readonly Leaf[]): Hex[] {
  return leaves.map(({ bytes }) => leafHash(bytes));
}
