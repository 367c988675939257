/** What the node counts for those who watch it. */
import type { Agreement } from "./checkpoints/agreement.ts";
import type { CaseWatch } from "./evidence/case-watch.ts";
import type { ConflictBook } from "./evidence/conflict-book.ts";
import type { Host } from "./gossip/host.ts";
import type { LeafTopic } from "./gossip/leaf-topic.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { Replica } from "./replica.ts";
import type { Metrics } from "./service/telemetry.ts";
import type { LeafVerifier } from "./verification/verifier.ts";

export type MeasuredParts = {
  readonly replica: Replica;
  readonly pool: PendingPool;
  readonly verifier: LeafVerifier;
  readonly host: Host;
  readonly topic: LeafTopic;
  readonly agreement: Pick<Agreement, "divergent">;
  readonly conflicts: Pick<ConflictBook, "openCount">;
  /** Absent where the network has no contract that keeps cases. */
  readonly cases: Pick<CaseWatch, "open" | "toAnswer"> | undefined;
};

export function measure(
  metrics: Metrics,
  { replica, pool, verifier, host, topic, agreement, conflicts, cases }: MeasuredParts,
): void {
  const { state } = replica;
  metrics.watch("seq", "Last event folded", () => state.seq);
  metrics.watch("coins", "Unspent coins", () => state.coinCount);
  metrics.watch("coin_bytes", "Bytes of coins and owners in memory", () => state.sizeBytes);
  metrics.watch(
    "settled_cycle",
    "Last cycle settled on chain",
    () => state.parameters.settledCycle,
  );
  metrics.watch("pending_leaves", "Leaves that wait", () => pool.size);
  metrics.watch("verified_leaves", "Leaves verified since the start", () => verifier.verified);
  metrics.watch("verifier_waiting", "Leaves that wait for verification", () => verifier.waiting);
  metrics.watch(
    "divergent_members",
    "Members that come to another checkpoint than this node",
    () => agreement.divergent.size,
  );
  metrics.watch("peers", "Peers connected", () => host.connected().length);
  metrics.watch("frames_received", "Gossip frames taken in", () => topic.counts.received);
  metrics.watch("frames_dropped", "Gossip frames dropped under load", () => topic.counts.dropped);
  metrics.watch("peer_offences", "What peers did that no honest peer does", () =>
    host.offences().reduce((sum, { count }) => sum + count, 0),
  );
  metrics.watch(
    "open_conflicts",
    "Coins spent twice whose loser is not paid yet",
    () => conflicts.openCount,
  );
  const toAnswer = () => cases?.toAnswer() ?? [];
  metrics.watch("open_cases", "Cases that have not ended", () => cases?.open().length ?? 0);
  metrics.watch(
    "cases_to_answer",
    "Cases against this member that wait for its answer",
    () => toAnswer().length,
  );
  metrics.watch(
    "case_answer_deadline",
    "Unix time until which the first of them can be answered, 0 for none",
    () => toAnswer().reduce((first, { deadlineS }) => Math.min(first || deadlineS, deadlineS), 0),
  );
  const records = metrics.counter("records_applied", "Records applied since the start");
  const leaves = metrics.counter(
    "leaves_applied",
    "Records and enrolments applied since the start",
  );
  replica.onFolded(({ change }) => {
    records.inc(change.applied.length);
    leaves.inc(change.applied.length + change.enrolled.size);
  });
}
