/**
 * What gateways tell a purse: renewed lists, certificates and receipts, that a record has been taken in,
 * has applied, or is refused. What changes the state of money is signed by the own member.
 */
import type { RecordStatus } from "../protocol/answer.ts";
import {
  acknowledgedRoot,
  checkAcknowledgement,
  type SignedAcknowledgement,
} from "../protocol/acknowledgement.ts";
import { toHex } from "../protocol/bytes.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import type { SignedCertificate } from "../protocol/certificate.ts";
import { leafHash } from "../protocol/leaf.ts";
import type { SignedReceipt } from "../protocol/receipt.ts";
import { Refusal } from "../protocol/refusal.ts";
import { checkStatement, type SignedStatement } from "../protocol/statement.ts";
import { learnLists } from "./held-lists.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import { forget, type PendingRecord } from "./pending-store.ts";
import { settleRecord, takeReceipt } from "./purse-state.ts";
import type { Draft } from "./purse-tables.ts";
import { checkCertificate, checkIssuedBy, checkReceipt, memberOf } from "./trust.ts";

/** What gateways renew. */
export type News = {
  readonly lists?: readonly CarriedList[];
  /** One older than the one held is passed over: limits that were lowered stay so. */
  readonly certificate?: SignedCertificate | undefined;
  /** For coins of the device: those it has, and those it has not heard of, as of a load. */
  readonly receipts?: readonly SignedReceipt[];
};

/** A record as it was handed in. */
export type HandedIn = Pick<PendingRecord, "id" | "record">;

export function takeNews(
  holder: Holder,
  draft: Draft,
  { lists = [], certificate, receipts = [] }: News,
): void {
  const known = () => knowledgeOf(holder, draft);
  learnLists(draft, lists, known);
  if (certificate !== undefined) {
    if (toHex(certificate.deviceKey) !== holder.key || certificate.member !== holder.member) {
      throw new Refusal("not-for-us", "the certificate is of another device, or by another member");
    }
    checkCertificate(known(), certificate);
    const held = draft.get("certificates", holder.key);
    if (held === undefined || held.notBefore <= certificate.notBefore) {
      draft.put("certificates", holder.key, certificate);
    }
  }
  for (const receipt of receipts) {
    checkReceipt(known(), receipt);
    takeReceipt(holder, draft, receipt);
  }
  forget(holder, draft);
}

export function takeStatement(holder: Holder, draft: Draft, statement: SignedStatement): void {
  const { networkId, member, verifier } = holder;
  if (statement.member !== member) {
    throw new Refusal("not-for-us", `the statement is by member ${statement.member}`);
  }
  const known = knowledgeOf(holder, draft);
  checkIssuedBy(known, memberOf(known, member), (issuer) =>
    checkStatement(networkId, statement, issuer, verifier),
  );
  settleRecord(holder, draft, statement.id, statement.issued);
  forget(holder, draft);
}

export function takeAcknowledgement(
  holder: Holder,
  draft: Draft,
  acknowledgement: SignedAcknowledgement,
  leaves: readonly HandedIn[],
): void {
  const { member } = acknowledgement;
  const known = knowledgeOf(holder, draft);
  checkIssuedBy(known, memberOf(known, member), (issuer) =>
    checkAcknowledgement(holder.networkId, acknowledgement, issuer, holder.verifier),
  );
  const root = acknowledgedRoot(leaves.map(({ record }) => leafHash(record.bytes)));
  if (root !== acknowledgement.root || leaves.length !== acknowledgement.count) {
    throw new Refusal("bad-proof", "the acknowledgement is for other leaves");
  }
  for (const { id } of leaves) {
    const held = draft.get("records", id);
    if (held !== undefined) draft.put("records", id, { ...held, acknowledgedBy: member });
  }
}

/** What a gateway says of a record that has not applied: it is advice, and may change again. */
export function takeNote(draft: Draft, status: RecordStatus): void {
  const held = draft.get("records", status.id);
  if (held === undefined || held.settled || status.state === "applied") return;
  const reason = status.state === "refused" ? status.reason : undefined;
  const acknowledgedBy = status.state === "unknown" ? 0 : held.acknowledgedBy;
  if (reason?.code === held.reason?.code && acknowledgedBy === held.acknowledgedBy) return;
  draft.put("records", status.id, { ...held, reason, acknowledgedBy });
}
