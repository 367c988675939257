/**
 * Keys of a member in the place of others: the call that says so. A member's operator rotates its own; the
 * authority replaces those of any member, and alone names another operator. The registry takes the four
 * keys of a member together, so those that change together are named together: two calls that were
 * announced apart would each put back what the other changed. Whoever holds an old key's file keeps it
 * until nothing that it signed counts any more.
 */
import * as calls from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import type { MemberEntry, MemberKeys } from "../../node/chain/members.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { keyUses, type PublicKey, readPublicKey } from "./keys.ts";

export const rotated = ["issuer", "treasury", "intake", "validator", "peer", "operator"] as const;
export type Rotated = (typeof rotated)[number];

export type Rotation = {
  /** By what changes: a key file, or what is public of a key that an HSM holds. */
  readonly keys: ReadonlyMap<Rotated, string>;
  /** Where the node is reached from now on, if that changes with the peer. */
  readonly addresses?: readonly string[] | undefined;
};

/** One thing that changes, as a person reads it. */
export type Replacement = { readonly what: Rotated; readonly from: string; readonly to: string };

export type RotationCall = {
  /** Absent if all of it is so already. */
  readonly call: ContractCall | undefined;
  readonly replacements: readonly Replacement[];
};

/** @param args what changes and its key, in turn. @throws Refusal `malformed`. */
export function parseRotation(args: readonly string[], addresses?: readonly string[]): Rotation {
  const keys = new Map<Rotated, string>();
  for (let i = 0; i < args.length; i += 2) {
    const [name, key] = args.slice(i, i + 2);
    const what = rotated.find((each) => each === name);
    if (what === undefined)
      throw new Refusal("malformed", `"${name}" is not one of ${rotated.join(", ")}`);
    if (key === undefined) throw new Refusal("malformed", `say which ${what} key`);
    if (keys.has(what)) throw new Refusal("malformed", `the ${what} key is named twice`);
    keys.set(what, key);
  }
  const alone = (["peer", "operator"] as const).find((what) => keys.has(what));
  if (alone !== undefined && keys.size > 1)
    throw new Refusal("malformed", `the ${alone} is replaced by a command of its own`);
  if (addresses !== undefined && !keys.has("peer"))
    throw new Refusal("malformed", "an address belongs to a peer");
  return { keys, addresses };
}

/**
 * @param byAuthority whether the authority does it.
 * @throws Refusal `forbidden` for an operator by itself; `bad-configuration` for a key of another kind.
 */
export async function rotationCall(
  member: MemberEntry,
  { keys, addresses = member.addresses }: Rotation,
  byAuthority: boolean,
): Promise<RotationCall> {
  const replacements = await Promise.all(
    [...keys].map(async ([what, key]) => ({
      what,
      from: presentKey(member, what),
      to: await publicPart(what, key),
    })),
  );
  const hasMoved = keys.has("peer") && addresses.join() !== member.addresses.join();
  const isSo = !hasMoved && replacements.every(({ from, to }) => from === to);
  const to = new Map(replacements.map((each) => [each.what, each.to]));
  const call = isSo ? undefined : callFor(member, to, addresses, byAuthority);
  return { call, replacements };
}

function callFor(
  entry: MemberEntry,
  to: ReadonlyMap<Rotated, string>,
  addresses: readonly string[],
  byAuthority: boolean,
): ContractCall {
  const { member } = entry;
  const [peerId, operator] = [to.get("peer"), to.get("operator")];
  if (operator !== undefined) {
    if (byAuthority) return calls.setOperator(member, operator as Hex);
    throw new Refusal("forbidden", "the authority alone names another operator: use --member");
  }
  if (peerId !== undefined) {
    const peer = { peerId, addresses };
    return byAuthority ? calls.replacePeer(member, peer) : calls.setPeer(peer);
  }
  const point = (what: "issuer" | "treasury" | "intake") =>
    to.has(what) ? fromHex(to.get(what) as Hex, 33) : entry[what];
  const keys: MemberKeys = {
    validator: (to.get("validator") as Hex | undefined) ?? entry.validator,
    issuer: point("issuer"),
    treasury: point("treasury"),
    intake: point("intake"),
  };
  return byAuthority ? calls.replaceKeys(member, keys) : calls.rotateKeys(keys);
}

function presentKey(member: MemberEntry, what: Rotated): string {
  if (what === "peer") return member.peerId;
  const key = member[what];
  return typeof key === "string" ? key : toHex(key);
}

/** What the registry is told: an address, a compressed key, a peer id. */
async function publicPart(what: Rotated, key: string): Promise<string> {
  if (forms[what].test(key)) return key;
  const found: PublicKey = await readPublicKey(key);
  if (found.kind !== keyUses[what])
    throw new Refusal(
      "bad-configuration",
      `${key} is a ${found.kind} key: a ${what} has ${keyUses[what]}`,
    );
  return found.peerId ?? found.address ?? found.publicKey;
}

const point = /^0x0[23][0-9a-f]{64}$/;
const address = /^0x[0-9a-f]{40}$/;

const forms = {
  issuer: point,
  treasury: point,
  intake: point,
  validator: address,
  operator: address,
  peer: /^(12D3Koo|Qm)[1-9A-HJ-NP-Za-km-z]{40,}$/,
} as const satisfies Record<Rotated, RegExp>;
