/** What a device shows of itself. */
import type { DeviceClass, SignedCertificate } from "../protocol/certificate.ts";
import type { Owner } from "../protocol/key.ts";
import type { ListVersion } from "../protocol/list-version.ts";
import type { MemberId } from "../protocol/output.ts";
import { heldVersions } from "./held-lists.ts";
import type { Holder } from "./holder.ts";
import type { Draft } from "./purse-tables.ts";

export type Identity = {
  readonly deviceKey: Uint8Array;
  readonly owner: Owner;
  readonly member: MemberId;
  /** What kind of device it says it is; the certificate says what its member knows. */
  readonly class: DeviceClass;
  /** Absent until the member has certified the device. */
  readonly certificate?: SignedCertificate | undefined;
  /** Milliseconds; 0 before the first list. */
  readonly signedTime: number;
  /** The lists the device holds. */
  readonly versions: readonly ListVersion[];
};

export function identityOf(holder: Holder, draft: Draft): Identity {
  return {
    deviceKey: holder.signer.publicKey,
    owner: holder.owner,
    member: holder.member,
    class: holder.class,
    certificate: draft.get("certificates", holder.key),
    signedTime: draft.get("purse", "")!.signedTime,
    versions: heldVersions(draft),
  };
}
