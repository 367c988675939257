/** Whether nodes have come to the same ledger, asked over their APIs. */
import assert from "node:assert/strict";
import type { NodeClient } from "../../node/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { until } from "./until.ts";

export async function haveApplied(client: NodeClient, ids: readonly Hex[]): Promise<boolean> {
  for (let at = 0; at < ids.length; at += limits.askedMax) {
    const statuses = await client.statuses(ids.slice(at, at + limits.askedMax));
    if (!statuses.every(({ state }) => state === "applied")) return false;
  }
  return true;
}

/** The same root everywhere, and the identities hold between the ledger and the chain. */
export async function checkAgreement(
  clients: readonly NodeClient[],
  timeoutMs: number,
): Promise<void> {
  await until(
    "all nodes stand at one event with one root",
    async () => {
      const reports = await Promise.all(clients.map((client) => client.identities()));
      const [first] = reports;
      for (const { rows } of reports) {
        for (const [name, { holds, ledger, chain }] of Object.entries(rows))
          assert.ok(holds, `${name}: ${ledger} and ${chain}`);
      }
      if (reports.some(({ seq }) => seq !== first!.seq)) return false;
      for (const { stateRoot } of reports) assert.equal(stateRoot, first!.stateRoot);
      return true;
    },
    timeoutMs,
  );
}
