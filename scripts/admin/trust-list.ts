/**
 * The authority's next trust list: the members as the registry has them, signed with the trust key, after the
 * lists that were published before. A member's key that another has replaced stays good for `receiptLife`, so
 * that what it signed just before is believed until it has run out; a compromised one never.
 */
import { encodePublished } from "../../gateway/published.ts";
import type { MemberEntry } from "../../node/chain/members.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { equalBytes } from "../../protocol/bytes.ts";
import { type SignedTrustList, signTrustList, type TrustedMember } from "../../protocol/lists.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Signer } from "../../protocol/signature.ts";
import { checkSigner, readPublished } from "./published-file.ts";

export type NextTrustList = {
  readonly networkId: Uint8Array;
  readonly members: readonly MemberEntry[];
  /** Milliseconds: the network's. */
  readonly receiptLifeMs: number;
  /** How long devices may go by it, in milliseconds. */
  readonly lifeMs: number;
  /** The key that signs the lists after it; the same one if absent. */
  readonly nextTrustKey?: Uint8Array | undefined;
  /** Members whose key before the present one counts no more at once. */
  readonly compromised: readonly MemberId[];
  /** Members whose bond is short of what it owes: they have nothing left to guarantee with. */
  readonly impaired: readonly MemberId[];
  /** Milliseconds. */
  readonly now: number;
};

/**
 * Signs the next list and publishes it with those that are still of use: every one that changed the trust key,
 * and those of the last `receiptLife`, which say since when a key is the one before.
 * @throws Refusal `conflict` if the key is not the one that devices expect.
 */
export async function publishNext(
  path: string,
  trustKey: Signer,
  next: NextTrustList,
): Promise<SignedTrustList> {
  const published = await readPublished(path);
  checkSigner(published, trustKey);
  const { trust } = published;
  const { networkId, members, lifeMs, nextTrustKey = trustKey.publicKey, now } = next;
  const list = await signTrustList(
    networkId,
    {
      version: (trust.at(-1)?.version ?? 0) + 1,
      issued: now,
      notAfter: now + lifeMs,
      nextTrustKey,
      members: members.map((member) => trusted(member, trust, next)),
    },
    trustKey,
  );
  // Devices that know the next key take no profile that another signed: it is to be published again.
  const keepsKey = equalBytes(nextTrustKey, trustKey.publicKey);
  const emergency = keepsKey ? published.emergency : undefined;
  await replaceFile(path, encodePublished({ trust: [...trust.filter(isOfUse), list], emergency }));
  return list;

  function isOfUse({ issued, nextTrustKey: key }: SignedTrustList, i: number): boolean {
    const before = trust[i - 1]?.nextTrustKey;
    const changesKey = before === undefined || !equalBytes(before, key);
    return changesKey || now < issued + next.receiptLifeMs;
  }
}

function trusted(
  { member, status, issuer, guarantee, name }: MemberEntry,
  published: readonly SignedTrustList[],
  { receiptLifeMs, compromised, impaired, now }: NextTrustList,
): TrustedMember {
  const { current, next, fromS } = guarantee;
  const inForce = now < fromS * 1000 ? current : next;
  const row = { member, status, issuer, name, guarantee: impaired.includes(member) ? 0n : inForce };
  if (compromised.includes(member)) return row;
  const rows = published.flatMap(({ issued, members }) => {
    const known = members.find((each) => each.member === member);
    return known === undefined ? [] : [{ ...known, issued }];
  });
  const newest = rows.at(-1);
  if (newest === undefined) return row;
  if (!equalBytes(newest.issuer, issuer)) return { ...row, previousIssuer: newest.issuer };
  const { previousIssuer } = newest;
  if (previousIssuer === undefined) return row;
  // The first of the lists that have the present key says since when.
  const since = rows.find((each) => equalBytes(each.issuer, issuer))!.issued;
  return now < since + receiptLifeMs ? { ...row, previousIssuer } : row;
}
