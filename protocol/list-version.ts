/** Which lists a device holds, as it tells payers and gateways: they hand over what is newer. */
import type { Reader, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";

/** What the authority signs goes by numbers that no member has: the registry counts them from 1 to 256. */
export const TRUST_LIST = 0;
export const EMERGENCY_PROFILE = 0xffff;

export type ListVersion = {
  /** Whose list of revocations; or one of the two above. */
  readonly member: number;
  readonly version: number;
};

/** count u8 × (member u16 | version u32), at most 16, strictly ascending by member. */
export function writeListVersions(writer: Writer, versions: readonly ListVersion[]): void {
  writer.u8(versions.length);
  for (const { member, version } of versions) writer.u16(member).u32(version);
}

/** @throws Refusal `malformed` naming field and offset. */
export function readListVersions(reader: Reader): ListVersion[] {
  const count = reader.count(1, 0, limits.listVersionsMax, "versions");
  const versions: ListVersion[] = [];
  for (let i = 0; i < count; i++) {
    const member = reader.u16(`versions[${i}].member`);
    if (i > 0 && member <= versions[i - 1]!.member) {
      throw reader.refuse("versions are not ascending by member", `versions[${i}].member`, 2);
    }
    versions.push({ member, version: reader.u32(`versions[${i}].version`) });
  }
  return versions;
}
