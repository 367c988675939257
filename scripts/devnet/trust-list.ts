/** The authority's part for devices: the trust list, signed with its trust key and published as a file. */
import type { StoredKey } from "../../node/service/stored-key.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import type { MemberEntry } from "../../node/chain/members.ts";
import { writeAnsweredLists } from "../../protocol/answer.ts";
import { Writer } from "../../protocol/bytes.ts";
import { signTrustList, type SignedTrustList, type TrustedMember } from "../../protocol/lists.ts";

const DAY_MS = 86_400_000;
const LIFE_MS = 365 * DAY_MS;

/** Signs and publishes the first list. Gateways fetch it from `path`. */
export async function publishTrustList(
  path: string,
  trustKey: StoredKey,
  networkId: Uint8Array,
  members: readonly MemberEntry[],
  now: number,
): Promise<SignedTrustList> {
  const list = await signTrustList(
    networkId,
    {
      version: 1,
      issued: now,
      notAfter: now + LIFE_MS,
      nextTrustKey: trustKey.publicKey,
      members: members.map((member) => trusted(member, now)),
    },
    trustKey,
  );
  const writer = new Writer(1024);
  writeAnsweredLists(writer, [{ kind: "trust", bytes: list.bytes }]);
  await replaceFile(path, writer.done());
  return list;
}

function trusted(
  { member, status, issuer, guarantee, name }: MemberEntry,
  now: number,
): TrustedMember {
  const { current, next, fromS } = guarantee;
  return { member, status, issuer, guarantee: now < fromS * 1000 ? current : next, name };
}
