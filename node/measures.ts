/** What the node counts for those who watch it. */
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
};

export function measure(
  metrics: Metrics,
  { replica, pool, verifier, host, topic }: MeasuredParts,
): void {
  const { state } = replica;
  metrics.watch("tallystick_seq", "Last event folded", () => state.seq);
  metrics.watch("tallystick_coins", "Unspent coins", () => state.coinCount);
  metrics.watch(
    "tallystick_coin_bytes",
    "Bytes of coins and owners in memory",
    () => state.sizeBytes,
  );
  metrics.watch(
    "tallystick_settled_cycle",
    "Last cycle settled on chain",
    () => state.parameters.settledCycle,
  );
  metrics.watch("tallystick_pending_leaves", "Leaves that wait", () => pool.size);
  metrics.watch(
    "tallystick_verified_leaves",
    "Leaves verified since the start",
    () => verifier.verified,
  );
  metrics.watch(
    "tallystick_verifier_waiting",
    "Leaves that wait for verification",
    () => verifier.waiting,
  );
  metrics.watch("tallystick_peers", "Peers connected", () => host.connected().length);
  metrics.watch(
    "tallystick_frames_received",
    "Gossip frames taken in",
    () => topic.counts.received,
  );
  metrics.watch(
    "tallystick_frames_dropped",
    "Gossip frames dropped under load",
    () => topic.counts.dropped,
  );
  metrics.watch("tallystick_peer_offences", "What peers did that no honest peer does", () =>
    host.offences().reduce((sum, { count }) => sum + count, 0),
  );
  const records = metrics.counter("tallystick_records_applied", "Records applied since the start");
  const leaves = metrics.counter(
    "tallystick_leaves_applied",
    "Records and enrolments applied since the start",
  );
  replica.onFolded(({ change }) => {
    records.inc(change.applied.length);
    leaves.inc(change.applied.length + change.enrolled.size);
  });
}
