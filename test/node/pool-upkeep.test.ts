import { expect } from "chai";
import { PendingPool } from "../../node/pending-pool.ts";
import { keepPool } from "../../node/pool-upkeep.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import { makeSpend, namesOf } from "../support/leaves.ts";
import { type EventBody, TestLedger } from "../support/ledger.ts";
import { keyOf } from "../support/ledger-parts.ts";

describe("pool upkeep", () => {
  const place = {
    blockNumber: 1,
    blockHash: `0x${"00".repeat(32)}`,
    logIndex: 0,
    blockTimeS: 0,
  } as const;
  const limits = { leavesMax: 8, bytesMax: 1 << 20, ageMaxMs: 1000 };

  /** Whether a local leaf that is parked for `code` may go out after this event. */
  async function isReadyAfter(code: RefusalCode, body: EventBody): Promise<boolean> {
    const ledger = new TestLedger(1);
    const pool = new PendingPool(limits, () => 0);
    const leaf = await makeSpend();
    const { hash, id } = namesOf(leaf);
    pool.add({ hash, id, leaf, local: true, checked: true });
    pool.park(hash, { code, detail: "" }, []);
    const change = ledger.take(body);
    const { event } = ledger.log.at(-1)!;
    keepPool(pool, { placed: { event, place }, leaves: [], change });
    return pool.readyCount === 1;
  }

  it("tries a leaf again that may wait for a member's key when a member changes [R-088]", async () => {
    const key = (name: string) => keyOf(name).publicKey;
    const keys = { issuer: key("another issuer"), treasury: key("another treasury") };
    const changed: EventBody = { kind: "member-changed", member: 1, status: 1, ...keys };
    for (const code of ["bad-signature", "wrong-owner", "unknown-recipient"] as const)
      expect(await isReadyAfter(code, changed), code).to.equal(true);
    expect(await isReadyAfter("spent", changed)).to.equal(false);
  });

  it("leaves it parked when the event changes no member", async () => {
    const deposited: EventBody = { kind: "deposited", member: 1, amount: 5n };
    expect(await isReadyAfter("wrong-owner", deposited)).to.equal(false);
  });
});
