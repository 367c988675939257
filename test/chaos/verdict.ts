/** How it ended: whether each record that was handed in came to its end, once, and says so to whoever asks. */
import assert from "node:assert/strict";
import type { Explanation } from "../../gateway/schema.ts";
import type { NodeClient } from "../../node/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { MEMBERS, OBSERVER } from "../../scripts/devnet/blueprint.ts";
import { checkAgreement, haveApplied } from "../support/agreement.ts";
import { idOf } from "../support/money.ts";
import { until } from "../support/until.ts";
import type { ChaosNetwork } from "./chaos-network.ts";
import type { Fate, Load } from "./load.ts";

export type Verdict = {
  readonly records: number;
  readonly submissions: number;
  readonly applied: number;
  readonly refused: number;
  readonly doubleSpends: number;
  /** From the end of the last fault until everything was final. */
  readonly finalWithinMs: number;
};

/** Explanations asked for at once. */
const WIDTH = 4;

/** @param boundMs within which everything is final. @throws AssertionError, Error naming what is not as it must be. */
export async function judge(network: ChaosNetwork, load: Load, boundMs: number): Promise<Verdict> {
  const since = performance.now();
  const left = () => Math.max(1, boundMs - (performance.now() - since));
  const clients = [OBSERVER, ...MEMBERS].map((member) => network.live.devnet.client(member));
  const due = idsOf(load, "applies");
  for (const client of clients) {
    await until("all that must apply has applied", () => haveApplied(client, due), left());
  }
  for (const pair of load.rivals)
    await untilPaid(
      network,
      pair.map((record) => idOf(network.live.networkId, record)),
      left(),
    );
  const owed = Map.groupBy(load.owing.keys(), (id) => load.owing.get(id)!);
  for (const [{ name, devices }, ids] of owed) {
    await until(
      `${name} says of all that can never apply that it is over`,
      async () => (await explainAll(devices, ids)).every(({ state }) => state === "refused"),
      left(),
    );
  }
  const finalWithinMs = Math.round(performance.now() - since);
  for (const [i, { devices }] of network.gateways.entries()) {
    const share = due.filter((_, at) => at % network.gateways.length === i);
    for (const { id, state, sentences } of await explainAll(devices, share)) {
      assert.equal(state, "applied", id);
      assert.ok(sentences.length > 0, `${id} is explained`);
    }
  }
  await checkLogs(clients, load);
  await checkAgreement(clients, boundMs);
  for (const { name, child } of network.victims)
    assert.ok(child.isRunning, `${name} has ended by itself`);
  return {
    records: load.fates.size,
    submissions: load.submissions,
    applied: due.length,
    refused: load.owing.size,
    doubleSpends: load.rivals.length,
    finalWithinMs,
  };
}

function idsOf({ fates }: Load, wanted: Fate): Hex[] {
  return [...fates].flatMap(([id, fate]) => (fate === wanted ? [id] : []));
}

/** Every node has the same log, and no id twice in it. */
async function checkLogs(clients: readonly NodeClient[], load: Load): Promise<void> {
  const logs = await Promise.all(clients.map(readLog));
  for (const { applied, restituted } of logs) {
    assert.equal(new Set(applied).size, applied.length, "an id has applied twice");
    assert.deepEqual(applied, logs[0]!.applied);
    assert.equal(restituted, load.rivals.length, "each double spend is paid once");
  }
}

async function readLog(client: NodeClient) {
  const { seq } = await client.status();
  const applied: string[] = [];
  let restituted = 0;
  for await (const event of client.events(0, AbortSignal.timeout(120_000))) {
    applied.push(...event.applied);
    if (event.restituted !== undefined) restituted += 1;
    if (event.seq >= seq) break;
  }
  return { applied, restituted };
}

async function untilPaid(network: ChaosNetwork, ids: readonly Hex[], ms: number): Promise<void> {
  const client = network.live.devnet.client(OBSERVER);
  await until(
    "the loser of a double spend is paid",
    async () => {
      const conflicts = await client.conflicts({ record: ids[0]! });
      return conflicts.length === 1 && conflicts[0]!.stage === "paid";
    },
    ms,
  );
}

async function explainAll(url: string, ids: readonly Hex[]): Promise<Explanation[]> {
  const told: Explanation[] = [];
  for (let at = 0; at < ids.length; at += WIDTH) {
    const answers = ids.slice(at, at + WIDTH).map(async (id) => {
      const answer = await fetch(`${url}/v1/records/${id}/explain`);
      assert.equal(answer.status, 200, await answer.clone().text());
      return (await answer.json()) as Explanation;
    });
    told.push(...(await Promise.all(answers)));
  }
  return told;
}
