/** What /readyz of a gateway says: whether it can do its work, and if not, which part keeps it from that. */
import { toHex } from "../protocol/bytes.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Signer } from "../protocol/signature.ts";
import type { ReadinessChecks } from "../node/service/health.ts";
import type { NodeWatch } from "./node-watch.ts";
import type { TrustLists } from "./trust-lists.ts";

export type ReadinessParts = {
  readonly member: MemberId;
  readonly watch: NodeWatch;
  readonly trust: TrustLists;
  readonly issuer: Signer;
  readonly treasury: Signer;
  readonly clock: () => number;
};

export function readinessOf(parts: ReadinessParts): ReadinessChecks {
  const { watch, trust, clock } = parts;
  return {
    node: () => watch.trouble,
    keys: () => (watch.trouble === undefined ? keyTrouble(parts) : undefined),
    "trust list": () => {
      if (trust.newest === undefined) return "the authority has published none that is taken here";
      return trust.newest.notAfter <= clock() ? "the newest has expired" : undefined;
    },
  };
}

/** What is signed with a key that the ledger does not know is good for nothing. */
function keyTrouble({ member, watch, issuer, treasury }: ReadinessParts): string | undefined {
  const row = watch.member(member);
  if (row === undefined) return `the ledger has no member ${member}`;
  if (row.issuer !== toHex(issuer.publicKey)) return "the ledger has another issuer key";
  if (row.treasury !== toHex(treasury.publicKey)) return "the ledger has another treasury key";
  return undefined;
}
