import assert from "node:assert/strict";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { Consortium } from "../support/consortium.ts";
import { payTo } from "../support/money.ts";

describe("four members and an observer", () => {
  it("settle a chain of payments between devices of three banks, handed in at two gateways' nodes [R-020, R-026, R-027]", async () => {
    await using consortium = await Consortium.open();
    await consortium.startAll();
    const [a, b, c] = [NodeSigner.generate(), NodeSigner.generate(), NodeSigner.generate()];
    const enrolments = [
      await consortium.enrol(a, 1),
      await consortium.enrol(b, 2),
      await consortium.enrol(c, 3),
    ];
    await consortium.untilApplied(enrolments);
    const vault = await consortium.deposit(1, 1_000n);
    const load = await consortium.spend(
      consortium.treasury(1),
      [vault],
      [payTo(a, 1, 600n), { ...vault.output, amount: 400n }],
    );
    const first = await consortium.spend(
      a,
      [consortium.coinsOf(load)[0]!],
      [payTo(b, 2, 250n), payTo(a, 1, 350n)],
    );
    const second = await consortium.spend(
      b,
      [consortium.coinsOf(first)[0]!],
      [payTo(c, 3, 100n), payTo(b, 2, 150n)],
    );
    // The child first, and at another member than its parents.
    await consortium.client(3).submit([second.bytes]);
    await consortium.client(2).submit([first.bytes, load.bytes]);
    const ids = [load, first, second].map((record) => consortium.idOf(record));
    await consortium.untilApplied(ids);
    await consortium.untilSettled(1);
    const reports = await Promise.all(
      [...consortium.nodes.keys()].map((member) => consortium.client(member).identities()),
    );
    for (const { rows, stateRoot } of reports) {
      assert.equal(stateRoot, reports[0]!.stateRoot);
      for (const [name, row] of Object.entries(rows))
        assert.ok(row.holds, `${name}: ${row.ledger} and ${row.chain}`);
    }
    const members = await consortium.client(1).members();
    assert.deepEqual(
      members.map(({ custody }) => custody),
      ["750", "150", "100", "0"],
    );
  });
});
