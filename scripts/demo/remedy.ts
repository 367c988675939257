/**
 * What comes of a double spend: the nodes find it, report it when the winner's cycle has settled, and pay the
 * loser from the bond of the cheat's bank. The demo closes the cycle, as any member may, watches, and checks.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiClient } from "../../device/api-client.ts";
import type { GatewayApi } from "../../device/gateway-api.ts";
import type { ConflictRow, ConflictStage } from "../../node/client.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { verifyEvidence } from "../commands/evidence.ts";
import { addressOf, devnetPaths, MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import { type Guarantees, readGuarantees } from "./count.ts";
import { closeAndSettle, onAllNodes, untilApplied } from "./cycle.ts";
import { type Device, untilSettled } from "./device.ts";
import { until } from "./patience.ts";
import { banks, gatewayOf, type Name, nodes, type People, type Stage } from "./stage.ts";
import { short } from "./story.ts";

/** The coin, the two records that spend it, and the one by which the loser's payee passed some of it on. */
export type Crime = {
  readonly outpoint: Outpoint;
  readonly winner: Hex;
  readonly loser: Hex;
  readonly child: Hex;
};

/** How the honest and the guarantees stood before. */
export type Before = {
  readonly totals: Readonly<Record<Name, bigint>>;
  readonly guarantees: Guarantees;
};

/** Returns the conflict as the bank of the loser's payee sees it. */
export async function findOut(
  stage: Stage,
  { a, b, c, d }: People,
  copy: Device,
  { outpoint, winner, loser, child }: Crime,
): Promise<ConflictRow> {
  const { devnet, story, amounts } = stage;
  await Promise.all([
    d.call("sync", gatewayOf(stage, "d")),
    copy.call("sync", gatewayOf(stage, "a")),
  ]);
  await untilApplied(devnet, [winner]);
  story.step(`D syncs first, at member ${banks.d}: its record ${short(winner)} takes the coin`);
  await Promise.all([
    a.call("sync", gatewayOf(stage, "a")),
    b.call("sync", gatewayOf(stage, "b")),
    c.call("sync", gatewayOf(stage, "c")),
  ]);
  const conflicts = () => devnet.client(banks.b).conflicts({ record: loser });
  await until("B's bank has found the conflict", async () => (await conflicts()).length > 0);
  const found = await conflicts();
  const [conflict] = found as [ConflictRow];
  const { owner } = await a.call("identity");
  const isRight =
    found.length === 1 &&
    conflict.outpoint === outpoint &&
    conflict.winner === winner &&
    conflict.loser === loser &&
    conflict.owner === owner &&
    conflict.custodian === banks.a &&
    conflict.amount === String(amounts.doubled);
  if (!isRight) throw new Error(`B's bank found ${JSON.stringify(found)}`);
  const [lost, after] = await devnet.client(banks.b).statuses([loser, child]);
  if (lost!.state === "applied" || after!.state === "applied")
    throw new Error("a record that lost its coin has applied before it was paid once more");
  story.step(
    `B and C sync at member ${banks.b}: record ${short(loser)} comes too late, and with it what B paid C`,
  );
  await tellB(stage, loser, "waiting");
  return conflict;
}

/** Returns the fine. The cycle is closed; everything else the nodes do, and nobody asks them to. */
export async function makeWhole(
  stage: Stage,
  people: People,
  { outpoint, loser, child }: Crime,
  { cycle }: ConflictRow,
  before: Before,
): Promise<bigint> {
  const { devnet, story, amounts } = stage;
  const { doubled, passedOn } = amounts;
  await closeAndSettle(devnet, cycle);
  story.step(`cycle ${cycle}, in which D's record applied, has settled: now it can be proven`);
  await untilApplied(devnet, [loser, child]);
  const statuses = await devnet.client(OBSERVER).statuses([loser, child]);
  if (statuses.some((each) => each.cycle !== cycle + 1))
    throw new Error(`made whole later than in cycle ${cycle + 1}: ${JSON.stringify(statuses)}`);
  await onAllNodes("says that the loser is paid", async (node) =>
    (await devnet.client(node).conflicts({ record: loser })).every(({ stage: s }) => s === "paid"),
  );
  story.step(
    `a member has reported it; the coin of ${story.money(doubled)} exists once more, for B`,
  );
  const fine = await checkGuarantees(stage, outpoint, loser, before.guarantees);
  story.step(
    `member ${banks.a} has paid ${story.money(doubled)} and a fine of ${story.money(fine)} from its bond`,
  );
  const gains = { b: doubled - passedOn, c: passedOn, d: doubled };
  for (const name of ["b", "c", "d"] as const) {
    await untilSettled(people[name], gatewayOf(stage, name));
    const { total, doubtful } = await people[name].call("balance");
    const gain = total - before.totals[name];
    if (gain !== gains[name] || doubtful !== 0n)
      throw new Error(`${people[name].name} has ${gain} more, ${doubtful} of it in doubt`);
  }
  story.step(
    `B, C and D have what they were paid: ${(["b", "c", "d"] as const).map((name) => story.money(gains[name])).join(", ")}`,
  );
  await closeAndSettle(devnet, cycle + 1);
  story.step(`cycle ${cycle + 1} has settled too: the reserves have followed the money`);
  await tellB(stage, loser, "applied");
  return fine;
}

/** What the contracts say of the bonds now. @returns the fine. @throws Error if anything else was taken. */
async function checkGuarantees(
  { devnet, amounts: { doubled } }: Stage,
  outpoint: Outpoint,
  loser: Hex,
  before: Guarantees,
): Promise<bigint> {
  const { penaltyPercent } = await devnet.client(OBSERVER).status();
  const fine = (doubled * BigInt(penaltyPercent)) / 100n;
  await using chain = await devnet.chainOf(1);
  await chain.start();
  const pair = await chain.reader.pairState(outpoint, loser);
  if (pair !== "restituted") throw new Error(`the contract says of the coin: ${pair}`);
  const after = await readGuarantees(chain.reader);
  if (after.fines - before.fines !== fine)
    throw new Error(`fines of ${after.fines - before.fines} were paid where ${fine} is due`);
  for (const member of MEMBERS) {
    const taken = before.bonds.get(member)! - after.bonds.get(member)!;
    const due = member === banks.a ? doubled + fine : 0n;
    if (taken !== due) throw new Error(`the bond of member ${member} paid ${taken}, not ${due}`);
  }
  return fine;
}

/** Returns the owner that was revoked. */
export async function shutOut(stage: Stage, { a, d }: People, copy: Device): Promise<Hex> {
  const { devnet, story } = stage;
  const { owner } = await a.call("identity");
  for (const node of nodes) {
    const { revoked } = await devnet.client(node).revocations(banks.a);
    if (revoked.length !== 1 || revoked[0]!.owner !== owner)
      throw new Error(`node ${node} knows of other revocations: ${JSON.stringify(revoked)}`);
  }
  story.step(`A's key ${short(owner)} is revoked on chain, and nobody else's`);
  await d.call("sync", gatewayOf(stage, "d"));
  const offer = await copy.call("pay", await d.call("request", 1_00n, "lens"));
  const refusal = await d.call("receive", offer).catch((error: unknown) => error);
  if (!isRefusal(refusal, "revoked"))
    throw new Error("D takes money of a cheat", { cause: refusal });
  story.step(`A's copy offers D ${story.money(1_00n)} more: D's device refuses, offline`);
  return owner;
}

/** As `tallystick evidence` and `tallystick evidence verify` do. */
export async function verify(
  { devnet, story }: Stage,
  { outpoint, winner, loser }: Crime,
): Promise<void> {
  const { network, memberKey } = devnetPaths(devnet.folder);
  const file = join(devnet.folder, "evidence.json");
  await writeFile(file, await devnet.client(OBSERVER).evidence(loser));
  story.step(`the observer's node gives the evidence on record ${short(loser)} as a file`);
  const keys = await Promise.all(
    MEMBERS.map((member) => loadKeyFile(memberKey(member, "validator"), "secp256k1")),
  );
  const validators = keys.map(addressOf).join();
  const { lines, data } = await verifyEvidence(file, { network, validators });
  const { losses } = data as { losses: readonly Record<string, unknown>[] };
  const [loss] = losses;
  const isProven =
    losses.length === 1 &&
    loss!["outpoint"] === outpoint &&
    loss!["winner"] === winner &&
    loss!["winnerApplied"] === "by-trusted-validators";
  if (!isProven) throw new Error(`the evidence shows ${JSON.stringify(losses)}`);
  story.quote(
    "`tallystick evidence verify` says",
    lines.filter((line) => line !== ""),
  );
}

/** Tells what B's own bank says of the loser. @param state that it must be in by then. */
async function tellB(
  { devnet, story }: Stage,
  loser: Hex,
  state: ConflictStage | "applied",
): Promise<void> {
  const url = devnet.deviceUrl(banks.b);
  const api = new ApiClient<GatewayApi>(url, fetch);
  const answer = await api.call("GET /v1/records/{id}/explain", { params: { id: loser } });
  const { sentences } = answer;
  const isSaid = sentences.join(" ").includes("was spent twice");
  if ((answer.restitution ?? answer.state) !== state || !isSaid)
    throw new Error(`B's bank says ${JSON.stringify(answer)}`);
  story.quote("B's bank explains", sentences);
}
