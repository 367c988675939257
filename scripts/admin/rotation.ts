/**
 * One key of a member in the place of another: the call that says so. A member's operator rotates its own;
 * the authority replaces those of any member. Whoever holds the old key's file keeps it until nothing that
 * it signed counts any more.
 */
import * as calls from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import type { MemberEntry } from "../../node/chain/members.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { keyUses, type PublicKey, readPublicKey } from "./keys.ts";

export const rotated = ["issuer", "treasury", "intake", "validator", "peer"] as const;
export type Rotated = (typeof rotated)[number];

export type Rotation = {
  readonly what: Rotated;
  /** A key file, or what is public of a key that an HSM holds. */
  readonly key: string;
  /** Where the node is reached, if that changes too. */
  readonly addresses?: readonly string[] | undefined;
};

/** @param byAuthority whether the authority does it. @throws Refusal `malformed`, `bad-configuration`. */
export async function rotationCall(
  member: MemberEntry,
  { what, key, addresses = member.addresses }: Rotation,
  byAuthority: boolean,
): Promise<{ readonly call: ContractCall; readonly from: string; readonly to: string }> {
  const to = await publicPart(what, key);
  if (what === "peer") {
    const peer = { peerId: to, addresses };
    const call = byAuthority ? calls.replacePeer(member.member, peer) : calls.setPeer(peer);
    return { call, from: member.peerId, to };
  }
  const { validator, issuer, treasury, intake } = member;
  const present = { validator, issuer, treasury, intake };
  const keys = { ...present, [what]: what === "validator" ? to : fromHex(to as Hex) };
  const call = byAuthority ? calls.replaceKeys(member.member, keys) : calls.rotateKeys(keys);
  return { call, from: what === "validator" ? validator : toHex(present[what]), to };
}

/** What the registry is told: an address, a compressed key, a peer id. */
async function publicPart(what: Rotated, key: string): Promise<string> {
  const form = what === "peer" ? peerForm : what === "validator" ? addressForm : keyForm;
  if (form.test(key)) return key;
  const found: PublicKey = await readPublicKey(key);
  if (found.kind !== keyUses[what])
    throw new Refusal(
      "bad-configuration",
      `${key} is a ${found.kind} key: a ${what} has ${keyUses[what]}`,
    );
  return found.peerId ?? found.address ?? found.publicKey;
}

const keyForm = /^0x0[23][0-9a-f]{64}$/;
const addressForm = /^0x[0-9a-f]{40}$/;
const peerForm = /^(12D3Koo|Qm)[1-9A-HJ-NP-Za-km-z]{40,}$/;
