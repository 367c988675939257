/**
 * Any process may die at any moment, and nothing that was acknowledged is lost or done twice. The moments
 * that matter are hit one by one and each hit is proved from what the dead process left on its disk, in
 * its log, and on the chain; the others are random. TALLYSTICK_KILLS=20 for as many in all; fewer than the
 * moments and all processes at once there never are.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeClient } from "../../node/client.ts";
import { MEMBERS, OBSERVER } from "../../scripts/devnet/blueprint.ts";
import { checkAgreement, haveApplied } from "../support/agreement.ts";
import { Killer } from "../support/killer.ts";
import { LiveNetwork, type Victim } from "../support/live-network.ts";
import { idOf } from "../support/money.ts";
import { Payers } from "../support/payers.ts";
import { randomOf } from "../support/random-of.ts";
import { until } from "../support/until.ts";

const KILLS = Number(process.env["TALLYSTICK_KILLS"] ?? 6);
const SEED = Number(process.env["TALLYSTICK_SEED"] ?? randomInt(2 ** 31));
/** A request this long takes some time to be answered once it is durable. */
const LONG_REQUEST = 1_500;
const SETTLED_MS = 120_000;

const moments = ["sync-answer", "endorse-sequence", "event-store", "checkpoint-settle"] as const;
type Moment = (typeof moments)[number] | "random" | "all";

describe("kill -9", () => {
  it("is planned for each of the moments, for all at once, and as often as was asked", () => {
    for (const [asked, planned] of [
      [6, 6],
      [20, 20],
      [1, 5],
    ] as const) {
      for (let seed = 0; seed < 100; seed++) {
        const plan = planOf(asked, randomOf(seed));
        assert.equal(plan.length, planned);
        for (const moment of [...moments, "all"] as const) assert.ok(plan.includes(moment));
      }
    }
    assert.ok(Number.isInteger(KILLS) && KILLS > 0, "TALLYSTICK_KILLS is a number");
  });

  it("of any process, or of all, at any moment loses nothing that was acknowledged and does nothing twice [N-13, N-21]", async function () {
    this.timeout(60_000 + KILLS * 60_000);
    await using network = await LiveNetwork.open();
    const vault = await network.deposit(1_600_000n);
    await network.startServices();
    using payers = await Payers.open(network, vault);
    const lonely = payers.take();
    const killer = new Killer(network);
    const random = randomOf(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const hits = new Map<Moment, number>();
    const everyone = [...network.nodes, ...network.gateways];
    const members = MEMBERS.map((member) => network.node(member));

    /** Returns whom it killed. */
    const kill = async (moment: Moment): Promise<readonly Victim[]> => {
      switch (moment) {
        case "sync-answer": {
          const gateway = pick(network.gateways);
          await payers.pause();
          const records = await killer.betweenSyncAndAnswer(gateway, payers, () =>
            payers.chain(lonely, LONG_REQUEST),
          );
          await network.restart([gateway]);
          payers.start();
          // The device has heard nothing, and hands its records in again.
          await payers.pass(Number(gateway.name.at(-1)), records);
          return [];
        }
        case "endorse-sequence": {
          const proposer = network.node(pick([1, 2]));
          await killer.betweenEndorsementAndSequence(proposer);
          return [proposer];
        }
        case "event-store": {
          const node = pick(network.nodes);
          await killer.betweenEventAndStore(node);
          return [node];
        }
        case "checkpoint-settle":
          await killer.betweenCheckpointAndSettle(pick(members), members);
          return members;
        case "random":
        case "all": {
          await sleep(random() * 2_000);
          const victims = moment === "all" ? everyone : [pick(everyone)];
          await Promise.all(victims.map(({ child }) => child.kill()));
          return victims;
        }
      }
    };

    payers.start();
    for (const moment of planOf(KILLS, random)) {
      await network.restart(await kill(moment));
      hits.set(moment, (hits.get(moment) ?? 0) + 1);
    }
    await payers.pause();
    const counts = [...hits].map(([moment, count]) => `${moment} ${count}`).join(", ");
    console.log(`      seed ${SEED}; kills: ${counts}; chances missed: ${killer.missed}`);
    for (const moment of [...moments, "all"] as const)
      assert.ok((hits.get(moment) ?? 0) > 0, `${moment} was never hit`);

    const clients = [OBSERVER, ...MEMBERS].map((member) => network.devnet.client(member));
    const due = [...payers.acknowledged];
    for (const client of clients) {
      await until(
        "all that was acknowledged has applied",
        () => haveApplied(client, due),
        SETTLED_MS,
      );
    }
    for (const pair of payers.rivals) await bothCome(network, payers, pair);

    const logs = await Promise.all(clients.map(readLog));
    for (const { applied, restituted } of logs) {
      assert.equal(new Set(applied).size, applied.length, "an id has applied twice");
      assert.deepEqual(applied, logs[0]!.applied);
      assert.equal(restituted.length, payers.rivals.length, "each double spend is paid once");
    }
    await checkAgreement(clients, SETTLED_MS);
    const running = network.devnet.running();
    for (const { name } of everyone)
      assert.ok(running.includes(name), `${name} has ended by itself`);
  });
});

/** Each moment once and all at once, the rest at random, in a random order. */
function planOf(kills: number, random: () => number): Moment[] {
  const rest = Math.max(0, kills - moments.length - 1);
  const more = Array.from({ length: rest }, (_, i): Moment => {
    // Half of what is left goes to the moments again.
    return i % 2 === 0 ? "random" : moments[Math.floor(random() * moments.length)]!;
  });
  const plan: Moment[] = [...moments, "all", ...more];
  return plan
    .map((moment) => ({ moment, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ moment }) => moment);
}

/** Of two records that spend one coin one takes it, and the other is made whole from the bond. */
async function bothCome(
  network: LiveNetwork,
  payers: Payers,
  pair: Payers["rivals"][number],
): Promise<void> {
  const ids = pair.map((record) => idOf(network.networkId, record));
  // Whoever heard nothing from a gateway that was killed hands the record in again.
  await Promise.all(pair.map((record, i) => payers.handIn(i + 1, [record.bytes])));
  const client = network.devnet.client(OBSERVER);
  await until("both rivals have applied", () => haveApplied(client, ids), SETTLED_MS);
  await until("the observer sees that the loser is paid", async () => {
    const conflicts = await client.conflicts({ record: ids[0]! });
    assert.ok(conflicts.length <= 1);
    return conflicts.every(({ winner, loser, stage }) => {
      assert.deepEqual([winner, loser].sort(), ids.toSorted());
      return stage === "paid";
    });
  });
}

/** What the node tells of its log, from the first event on: all ids that applied, in order, and what was restituted. */
async function readLog(client: NodeClient): Promise<{
  readonly applied: readonly string[];
  readonly restituted: readonly string[];
}> {
  const { seq } = await client.status();
  const applied: string[] = [];
  const restituted: string[] = [];
  for await (const event of client.events(0, AbortSignal.timeout(SETTLED_MS))) {
    applied.push(...event.applied);
    if (event.restituted !== undefined) restituted.push(event.restituted.outpoint);
    if (event.seq >= seq) break;
  }
  return { applied, restituted };
}
