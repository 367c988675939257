import assert from "node:assert/strict";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { memberStatus } from "../../protocol/rules.ts";
import { Consortium } from "../support/consortium.ts";
import { payTo } from "../support/money.ts";
import { operator } from "../support/network.ts";
import { Registrar } from "../support/registrar.ts";
import { until } from "../support/until.ts";

const CENTRAL_BANK = 4;
const PATIENCE_MS = 60_000;

describe("four members and an observer", function () {
  this.timeout(180_000);
  let consortium: Consortium;
  const [a, b, c] = [NodeSigner.generate(), NodeSigner.generate(), NodeSigner.generate()];

  before(async () => {
    // The account that operates member 4 is the authority's too.
    consortium = await Consortium.open(4, {}, { authority: operator(CENTRAL_BANK).address });
    await Promise.all([0, 1, 2, 3].map((member) => consortium.start(member)));
    await consortium.start(CENTRAL_BANK, { trace: { index: true } });
  });
  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  it("settle a chain of payments between devices of three banks, handed in at two gateways' nodes [R-020, R-026, R-027]", async () => {
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

  it("settle with the central bank as one of them, whose node takes in, endorses and signs as a member's does, and supervises: it follows the money, and its account suspends a member [R-082]", async () => {
    // Three of four are a quorum, so that nothing settles without its signature.
    await consortium.stop(3);
    const central = consortium.client(CENTRAL_BANK);
    const vault = await consortium.deposit(1, 100n);
    const load = await consortium.spend(consortium.treasury(1), [vault], [payTo(a, 1, 100n)]);
    const coin = consortium.coinsOf(load)[0]!;
    const payment = await consortium.spend(a, [coin], [payTo(b, 2, 100n)]);
    await central.submit([load.bytes, payment.bytes]);
    const id = consortium.idOf(payment);
    await consortium.untilApplied([consortium.idOf(load), id], PATIENCE_MS);
    const [applied] = await central.statuses([id]);
    await consortium.untilSettled(applied!.cycle!, PATIENCE_MS);

    const { nodes } = await central.trace({ from: id, direction: "back" });
    const kinds = nodes.toSorted((x, y) => x.depth - y.depth).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["deposit", "spend", "spend"]);
    const registrar = await Registrar.open(consortium);
    await registrar.admin(`operator ${CENTRAL_BANK}`, "suspend", "2");
    await until("the ledger has it", async () => {
      const [, second] = await central.members();
      return second!.status === memberStatus.suspended;
    });
  });
});
