/** Who takes part, and since when not, as a node sees it. */
import assert from "node:assert/strict";
import { HealthWatch } from "../../node/health-watch.ts";
import { memberStatus } from "../../protocol/rules.ts";

describe("the members' health", () => {
  const row = (member: number) => ({
    member,
    name: `Bank ${member}`,
    peerId: `peer ${member}`,
    addresses: [],
    status: memberStatus.active,
    validator: "0x00" as const,
    intake: new Uint8Array(33),
  });
  const place = { blockNumber: 1, blockHash: "0x00", logIndex: 0, blockTimeS: 90 } as const;

  it("says since when each is connected or silent, and when it last put a batch forward", () => {
    let now = 1_000;
    const divergence = { cycle: 4, digest: "0x66", sinceMs: 900 } as const;
    let connected = ["peer 2"];
    using health = new HealthWatch({
      directory: { rows: { members: [row(2), row(1), row(3)], observers: [] } },
      connected: () => connected,
      ownPeer: () => "peer 1",
      agreement: { divergent: new Map([[3, divergence]]) },
      now: () => now,
    });
    health.start();
    const seen = () =>
      health.members().map((each) => [each.member, each.connected, each.sinceMs] as const);
    assert.deepEqual(seen(), [
      [1, true, 1_000],
      [2, true, 1_000],
      [3, false, 1_000],
    ]);
    now = 5_000;
    connected = ["peer 3"];
    assert.deepEqual(seen(), [
      [1, true, 1_000],
      [2, false, 5_000],
      [3, true, 5_000],
    ]);
    now = 9_000;
    assert.deepEqual(seen()[1], [2, false, 5_000]);
    const root = new Uint8Array(32);
    const event = { kind: "sequenced", seq: 7, member: 3, number: 1, count: 1, root, timeS: 90 };
    health.folded({ placed: { event: event as never, place } });
    assert.deepEqual(
      health.members().map(({ lastBatchS, divergence: other }) => [lastBatchS, other]),
      [
        [undefined, undefined],
        [undefined, undefined],
        [90, divergence],
      ],
    );
  });
});
