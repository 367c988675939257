/** What the fold stops at: a log it cannot trust or understand. The state is as it was. */
import assert from "node:assert/strict";
import { fromHex } from "../../../protocol/bytes.ts";
import { NOBODY } from "../../../protocol/key.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { fold, FoldError, type SequencedLeaf } from "../../../node/ledger/fold.ts";
import type { LedgerEvent } from "../../../node/ledger/event.ts";
import { LedgerState } from "../../../node/ledger/state.ts";
import { contentOf, fullLedger } from "../../support/full-ledger.ts";
import {
  batchOf,
  context,
  type EventBody,
  reload,
  type TestLedger,
  toSequenced,
} from "../../support/ledger.ts";
import { enrolment, keyOf, networkId } from "../../support/ledger-parts.ts";

/** Offers an event that the fold must stop at, and that must change nothing. */
function stop(
  ledger: TestLedger,
  isProblem: RegExp | ((error: unknown) => boolean),
  body: EventBody,
  { leaves = [], seq = ledger.state.seq + 1 }: { leaves?: SequencedLeaf[]; seq?: number } = {},
): void {
  const before = contentOf(ledger.state);
  const event = { ...body, seq } as LedgerEvent;
  assert.throws(
    () => fold(context, ledger.state, event, leaves, ledger.history),
    (error) =>
      isProblem instanceof RegExp
        ? error instanceof FoldError && isProblem.test(error.message)
        : isProblem(error),
  );
  assert.deepEqual(contentOf(ledger.state), before);
}

describe("the fold stops, and changes nothing,", () => {
  it("at a gap in seq and at an event that was folded", async () => {
    const ledger = await fullLedger();
    const body: EventBody = { kind: "deposited", member: 1, amount: 1n };
    const { seq } = ledger.state;
    for (const wrong of [seq - 1, seq, seq + 2]) {
      stop(ledger, new RegExp(`event ${seq + 1} comes next`), body, { seq: wrong });
    }
  });

  it("at an unknown version of the rules: in the event, before the first, or in a store of later software", async () => {
    const ledger = await fullLedger();
    const isUnknown = (version: number) => (error: unknown) =>
      isRefusal(error, "unsupported-version") && error.message.includes(`version ${version} of`);
    stop(ledger, isUnknown(2), { kind: "protocol", version: 2, reclaimDelayS: 1 });
    const deposit: LedgerEvent = { kind: "deposited", member: 1, amount: 1n, seq: 1 };
    const empty = new LedgerState(1);
    assert.throws(() => fold(context, empty, deposit, [], ledger.history), isUnknown(0));
    const later = reload(ledger.state);
    later.load({ kind: "parameters", parameters: { ...later.parameters, version: 2 } });
    const next = { ...deposit, seq: later.seq + 1 };
    assert.throws(() => fold(context, later, next, [], ledger.history), isUnknown(2));
  });

  it("at a cycle that is not the open one", async () => {
    const ledger = await fullLedger();
    for (const cycle of [2, 3, 5]) {
      stop(ledger, /cycle 4 is the open one/, { kind: "cycle-closed", cycle });
    }
  });

  it("at a settlement out of order, or of a cycle that is still open", async () => {
    const ledger = await fullLedger();
    for (const cycle of [0, 1, 3, 4]) {
      stop(ledger, /cannot settle after 1/, { kind: "settled", cycle });
    }
    ledger.settle();
    ledger.settle();
    stop(ledger, /cannot settle after 3/, { kind: "settled", cycle: 4 });
  });

  it("at a member that was never admitted", async () => {
    const ledger = await fullLedger();
    const owner = fromHex(NOBODY);
    const restituted = {
      outpoint: new Uint8Array(33),
      loser: new Uint8Array(32),
      owner,
      timeS: 1,
    };
    const bodies: EventBody[] = [
      { kind: "deposited", member: 9, amount: 1n },
      { kind: "awarded", member: 1, owner, custodian: 9, amount: 1n },
      { kind: "restituted", ...restituted, member: 9, amount: 1n },
      { kind: "revoked", member: 9, owner, timeS: 1 },
    ];
    for (const body of bodies) stop(ledger, /member 9 is unknown/, body);
  });

  it("at a coin of nothing", async () => {
    const ledger = await fullLedger();
    stop(ledger, /of nothing/, { kind: "deposited", member: 1, amount: 0n });
  });

  it("at a restitution whose coin stands", async () => {
    const ledger = await fullLedger();
    const { event } = ledger.log.find((entry) => entry.event.kind === "restituted")!;
    const { seq: _, ...body } = event;
    stop(ledger, /stands already/, body as EventBody);
  });

  it("at more or fewer leaves than were sequenced", async () => {
    const ledger = await fullLedger();
    const leaf = toSequenced(Uint8Array.of(1));
    for (const leaves of [[], [leaf, leaf]]) {
      stop(ledger, /where 1 were sequenced/, batchOf([leaf], ledger.timeS), { leaves });
    }
  });

  it("at its own bug and the world's trouble, which are no refusals", async () => {
    const ledger = await fullLedger();
    const before = contentOf(ledger.state);
    const failing = {
      isKey: () => true,
      verify: () => {
        throw new Error("the HSM is gone");
      },
    };
    const leaf = toSequenced((await enrolment(keyOf("cat"), 1, ledger.bank(1).issuer)).bytes);
    const event = { ...batchOf([leaf], ledger.timeS), seq: ledger.state.seq + 1 };
    assert.throws(
      () => fold({ networkId, verifier: failing }, ledger.state, event, [leaf], ledger.history),
      (error) => !isRefusal(error) && error instanceof Error && /HSM/.test(error.message),
    );
    assert.deepEqual(contentOf(ledger.state), before);
  });
});
