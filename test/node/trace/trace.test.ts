/** Where money came from and where it went, from every kind of start, over a ledger that is on disk. */
import assert from "node:assert/strict";
import type { Trace } from "../../../node/trace/tracer.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { splitOutpoint } from "../../../protocol/output.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../protocol/record.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { type Coin, coinsOf, idOf, keyOf, pay, spend } from "../../support/ledger-parts.ts";
import { Rig } from "../evidence/support/rig.ts";
import { TracedRig } from "./support.ts";

const ids = (trace: Trace) => new Set(trace.nodes.map(({ id }) => id));
const owner = (key: NodeSigner) => ownerOf(key.publicKey);

describe("a trace", () => {
  let traced: TracedRig;
  let rig: Rig;
  let [anna, bert, carl] = [keyOf("anna"), keyOf("bert"), keyOf("carl")];
  let coin: Coin;

  beforeEach(async () => {
    rig = await Rig.open();
    traced = new TracedRig(rig);
    [anna, bert, carl] = [
      await rig.enrol("anna", 1),
      await rig.enrol("bert", 2),
      await rig.enrol("carl", 3),
    ];
    await traced.open();
    [coin] = (await rig.load(anna, 1, 500n)) as [Coin];
  });

  afterEach(async () => {
    assert.deepEqual(traced.failures, []);
    await traced[Symbol.asyncDispose]();
  });

  /** A coin paid on to one key after another, each record in a batch of its own. */
  async function passOn(
    first: Coin,
    ...keys: readonly (readonly [NodeSigner, NodeSigner, number])[]
  ) {
    const records: SignedRecord[] = [];
    let held = first;
    for (const [from, to, member] of keys) {
      const record = await spend({
        signer: from,
        inputs: [held],
        outputs: [pay(to, member, 500n)],
      });
      await rig.sequence(member, record);
      records.push(record);
      held = coinsOf(record)[0]!;
    }
    return records;
  }

  it("goes back to the deposit and on to the coin that is unspent, from a record between [R-036]", async () => {
    const [first, second] = await passOn(coin, [anna, bert, 2], [bert, carl, 3]);
    const trace = await traced.trace(idOf(first!));
    const kinds = trace.nodes.map(({ kind, depth }) => [depth, kind]);
    assert.deepEqual(
      kinds.toSorted(([a], [b]) => Number(a) - Number(b)),
      [
        [-2, "deposit"],
        [-1, "spend"],
        [0, "spend"],
        [1, "spend"],
      ],
    );
    const unspent = trace.edges.filter(({ taker }) => taker === undefined);
    assert.deepEqual(
      unspent.map((edge) => [edge.outpoint, edge.owner, edge.amount]),
      [[coinsOf(second!)[0]!.outpoint, owner(carl), 500n]],
    );
    assert(trace.nodes.every(({ state, more }) => state === "applied" && !more));
  });

  it("follows only the coin that it starts from, and back only where that is asked", async () => {
    const [big] = (await rig.load(anna, 1, 300n)) as [Coin];
    const split = await spend({
      signer: anna,
      inputs: [big],
      outputs: [pay(bert, 2, 100n), pay(anna, 1, 200n)],
    });
    await rig.sequence(1, split);
    const [paid, change] = coinsOf(split) as [Coin, Coin];
    const onward = await spend({ signer: bert, inputs: [paid], outputs: [pay(carl, 3, 100n)] });
    const spent = await spend({ signer: anna, inputs: [change], outputs: [pay(carl, 3, 200n)] });
    await rig.sequence(1, onward, spent);
    const forward = await traced.trace(paid.outpoint, { direction: "forward" });
    assert.deepEqual(ids(forward), new Set([idOf(split), idOf(onward)]));
    const back = await traced.trace(paid.outpoint, { direction: "back" });
    assert.equal(back.nodes.length, 3);
    assert(!ids(back).has(idOf(onward)));
  });

  it("stops at the depth and the number of nodes that are asked for, and says where more lies", async () => {
    const [first, second, third] = await passOn(
      coin,
      [anna, bert, 2],
      [bert, carl, 3],
      [carl, anna, 1],
    );
    const near = await traced.trace(idOf(first!), { direction: "forward", depthMax: 1 });
    assert.deepEqual(
      near.nodes.map(({ id, more }) => [id, more]),
      [
        [idOf(first!), false],
        [idOf(second!), true],
      ],
    );
    const on = await traced.trace(idOf(second!), { direction: "forward", nodesMax: 1 });
    assert.deepEqual(
      on.nodes.map(({ id, more }) => [id, more]),
      [[idOf(second!), true]],
    );
    const end = await traced.trace(idOf(third!), { direction: "forward" });
    assert.equal(end.nodes[0]!.more, false);
  });

  it("lists all that an owner signed or was paid by, the latest first, a page at a time", async () => {
    const [load] = [splitOutpoint(coin.outpoint).id];
    const records = await passOn(coin, [anna, bert, 2], [bert, anna, 1], [anna, carl, 3]);
    const expected = [...records.map(idOf).toReversed(), load];
    const seen: string[] = [];
    let pages = 0;
    for (let after: Trace["next"]; ; pages++) {
      const bounds = { depthMax: 0, nodesMax: 8, ...(after === undefined ? {} : { after }) };
      const trace = await traced.trace(owner(anna), bounds);
      seen.push(...trace.starts);
      after = trace.next;
      if (after === undefined) break;
    }
    assert.deepEqual(seen, expected);
    assert(pages >= 1);
  });

  it("finds an owner's records, and those that another had a part in as well, the latest first, a page at a time [R-090]", async () => {
    const load = splitOutpoint(coin.outpoint).id;
    const paid = await passOn(
      coin,
      [anna, bert, 2],
      [bert, carl, 3],
      [carl, anna, 1],
      [anna, bert, 2],
    );
    const [toBert, toCarl, back, again] = paid.map(idOf);
    await traced.traces.settled();
    assert.deepEqual(await found(anna), [again, back, toBert, load]);
    assert.deepEqual(await found(anna, bert), [again, toBert]);
    assert.deepEqual(await found(bert, anna), [again, toBert]);
    assert.deepEqual(await found(bert, carl), [toCarl]);
    assert.deepEqual(await found(anna, keyOf("zoe")), []);
    const { seq } = rig.now.replica.state;
    const { timeS } = rig;
    const { records } = await traced.traces.records.page(owner(bert), { limit: 1 });
    const { outputs } = paid.at(-1)!;
    const expected = { kind: "spend", seq, cycle: 1, timeS, signer: owner(anna), outputs };
    assert.deepEqual(records, [{ id: again, ...expected }]);
  });

  /** By pages of two leaves of the first. */
  async function found(first: NodeSigner, other?: NodeSigner): Promise<string[]> {
    const all: string[] = [];
    for (let after: Trace["next"]; ; ) {
      const narrowed = { limit: 2, after, other: other && owner(other) };
      const { records, next } = await traced.traces.records.page(owner(first), narrowed);
      all.push(...records.map(({ id }) => id));
      if (next === undefined) return all;
      after = next;
    }
  }

  it("starts from a batch by its event or its root, and from a cycle, in order and in pages", async () => {
    const coins = await rig.load(anna, 1, 10n, 20n, 30n);
    const records = await Promise.all(
      coins.map(async (each) =>
        spend({ signer: anna, inputs: [each], outputs: [pay(bert, 2, each.output.amount)] }),
      ),
    );
    await rig.sequence(2, ...records);
    const { seq } = rig.now.replica.state;
    const { root } = (await rig.now.replica.store.event(seq))!;
    for (const from of [`batch:${seq}`, `batch:${root}`]) {
      const { starts } = await traced.trace(from, { depthMax: 0 });
      assert.deepEqual(starts, records.map(idOf));
    }
    await rig.closeCycle();
    const all: string[] = [];
    for (let after: Trace["next"]; ; ) {
      const page = await traced.trace("cycle:1", { depthMax: 0, nodesMax: 8, after });
      assert(page.starts.length <= 2);
      all.push(...page.starts);
      after = page.next;
      if (after === undefined) break;
    }
    assert.deepEqual(all, await rig.now.replica.store.appliedIn(1));
    assert.equal(all.length, 5);
  });

  it("shows both records of a fork, who is paid once more, and marks where the forking began [R-036, N-03]", async () => {
    const winner = await spend({ signer: anna, inputs: [coin], outputs: [pay(bert, 2, 500n)] });
    const loser = await spend({ signer: anna, inputs: [coin], outputs: [pay(carl, 3, 500n)] });
    await rig.sequence(2, winner);
    await rig.sequence(3, loser);
    const lost = await traced.trace(idOf(loser), { direction: "back" });
    assert.deepEqual(
      lost.nodes.filter(({ depth }) => depth === 0).map(({ id, state }) => [id, state]),
      [
        [idOf(loser), "lost"],
        [idOf(winner), "applied"],
      ],
    );
    const fork = { owner: owner(anna), records: [idOf(winner), idOf(loser)].toSorted() };
    assert.equal(lost.forks.length, 1);
    assert.deepEqual({ owner: lost.forks[0]!.owner, records: lost.forks[0]!.records }, fork);
    assert(lost.forks[0]!.isFirst);
    const named = lost.edges.filter(({ outpoint }) => outpoint === coin.outpoint);
    assert.deepEqual(
      new Map(named.map(({ taker, isLost }) => [taker, isLost])),
      new Map([
        [idOf(winner), false],
        [idOf(loser), true],
      ]),
    );

    await rig.closeCycle();
    await rig.settle();
    await rig.restitute(coin, loser);
    await rig.sequence(3, loser);
    const [conflict] = await rig.conflicts();
    await rig.now.book.move(conflict!.spend.id, { stage: "paid", code: "applied", detail: "" });
    const paid = await traced.trace(idOf(loser), { direction: "back" });
    const restitution = paid.nodes.find(({ kind }) => kind === "restitution");
    assert.equal(restitution?.id, conflict!.spend.id);
    assert.equal(restitution?.amount, 500n);
    assert.equal(paid.nodes.find(({ id }) => id === idOf(loser))?.state, "applied");
    assert(
      paid.edges.some(({ maker, taker }) => maker === restitution?.id && taker === idOf(loser)),
    );
    assert.equal((await traced.trace(conflict!.spend.id)).forks.length, 1);
  });

  it("tells a fork that another leads to from the one where it began [R-036, N-03]", async () => {
    const [first] = await passOn(coin, [anna, bert, 2]);
    const annas = await spend({ signer: anna, inputs: [coin], outputs: [pay(carl, 3, 500n)] });
    await rig.sequence(3, annas);
    const [held] = coinsOf(first!) as [Coin];
    const [second] = await passOn(held, [bert, carl, 3]);
    const berts = await spend({ signer: bert, inputs: [held], outputs: [pay(anna, 1, 500n)] });
    await rig.sequence(1, berts);
    const { forks } = await traced.trace(idOf(second!));
    assert.deepEqual(
      forks.map(({ owner: who, isFirst }) => [who, isFirst]),
      [
        [owner(anna), true],
        [owner(bert), false],
      ],
    );
  });

  it("starts from a case at what its debts are about", async () => {
    const winner = await spend({ signer: anna, inputs: [coin], outputs: [pay(bert, 2, 500n)] });
    const loser = await spend({ signer: anna, inputs: [coin], outputs: [pay(carl, 3, 500n)] });
    await rig.sequence(2, winner);
    await rig.sequence(3, loser);
    const { id, index } = splitOutpoint(coin.outpoint);
    const zero = `0x${"00".repeat(32)}` as const;
    traced.cases.set(1, {
      caseId: 1,
      kind: "double-spend",
      status: "opened",
      claimant: 3,
      accused: 1,
      amount: 500n,
      deadlineS: rig.timeS,
      argument: zero,
      answer: zero,
      debts: [
        {
          owner: owner(anna),
          custodian: 1,
          amount: 500n,
          restitution: { id, index, loser: idOf(loser) },
        },
      ],
    });
    const { starts, forks } = await traced.trace("case:1");
    assert.deepEqual(new Set(starts), new Set([idOf(loser), id]));
    assert.equal(forks.length, 1);
  });

  it("refuses what the ledger does not know, and what is nothing to trace", async () => {
    const unknown = `0x${"ab".repeat(32)}`;
    for (const from of [unknown, `batch:${unknown}`, "batch:9999", "case:7", owner(keyOf("zoe"))])
      await assert.rejects(traced.trace(from), (error) => isRefusal(error, "not-found"), from);
    for (const from of ["", "0x12", "cycle:x", "batch:", "zoe"])
      await assert.rejects(traced.trace(from), (error) => isRefusal(error, "malformed"), from);
  });

  it("counts what a cycle's records moved between members, change to oneself included", async () => {
    const [held] = (await rig.load(anna, 1, 90n)) as [Coin];
    const outputs = [pay(bert, 2, 60n), pay(anna, 1, 30n)];
    await rig.sequence(1, await spend({ signer: anna, inputs: [held], outputs }));
    await traced.traces.settled();
    assert.deepEqual(await traced.traces.index.flows(1), [
      { from: 1, to: 1, amount: 620n, records: 3 },
      { from: 1, to: 2, amount: 60n, records: 1 },
    ]);
    assert.deepEqual(await traced.traces.index.flows(2), []);
  });

  it("indexes what was folded while it was away, once, and the same again after it was lost", async () => {
    await traced.close();
    await passOn(coin, [anna, bert, 2], [bert, anna, 1]);
    await traced.open();
    const before = await traced.trace(owner(anna));
    assert.equal(traced.traces.index.seq, rig.now.replica.state.seq);
    assert.equal(before.starts.length, 3);
    const flows = await traced.traces.index.flows(1);
    await traced.close();
    await traced.open();
    assert.deepEqual(await traced.traces.index.flows(1), flows);
    await traced.lose();
    await traced.open();
    assert.deepEqual(await traced.trace(owner(anna)), before);
    assert.deepEqual(await traced.traces.index.flows(1), flows);
  });

  it("has a deposit under the treasury that it was made for", async () => {
    const vault = await rig.deposit(2, 70n);
    const { starts, nodes } = await traced.trace(owner(keyOf("treasury of 2")), { depthMax: 0 });
    assert.deepEqual(starts, [splitOutpoint(vault.outpoint).id]);
    assert.deepEqual(
      nodes.map(({ kind, amount, member }) => [kind, amount, member]),
      [["deposit", 70n, 2]],
    );
  });
});
