/**
 * With `--audit`, what a report does not pay: the cheat has signed a third record for its coin, and with that it
 * goes beyond what its bank guarantees for one device. The bank of who was cheated opens a case with the evidence,
 * the accused answers, the regulator rules, and the bond pays.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "#sha256";
import { openDeviceKey } from "../../device/node-keys.ts";
import { answerCase, enforce, ruleCase } from "../../node/chain/calls.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { lock, type Outpoint } from "../../protocol/output.ts";
import { systemRandom } from "../../protocol/random.ts";
import { auditOf, recordId, signRecord } from "../../protocol/record.ts";
import { caseReport, readCase } from "../admin/cases.ts";
import { claimOf } from "../admin/claim.ts";
import { readBytes, readClaimFile } from "../admin/claim-file.ts";
import { AdminSession } from "../admin/session.ts";
import { Authority } from "../deploy/authority.ts";
import { devnetPaths, OBSERVER } from "../devnet/blueprint.ts";
import { readGuarantees } from "./count.ts";
import { untilApplied } from "./cycle.ts";
import { untilSettled } from "./device.ts";
import { until } from "./patience.ts";
import { banks, gatewayOf, type People, type Stage } from "./stage.ts";
import { short } from "./story.ts";

/** What came of it, amounts as decimal strings of minor units. */
export type CaseOutcome = {
  readonly caseId: number;
  readonly status: string;
  readonly record: Hex;
  readonly paid: string;
  readonly fine: string;
};

/** The case as long as it is open. */
export type OpenCase = {
  readonly caseId: number;
  readonly record: Hex;
  /** Path: what it was opened with. */
  readonly evidence: string;
};

/** What C takes by it; the rest is the cheat's change. */
const TAKEN = 20_00n;

export async function openCase(
  stage: Stage,
  people: People,
  outpoint: Outpoint,
): Promise<OpenCase> {
  const { story } = stage;
  const record = await story.phase(
    "A third record for the same coin: more than A's bank guarantees for a device",
    () => signThird(stage, people, outpoint),
  );
  return await story.phase("C's bank opens a case with the evidence", () => claim(stage, record));
}

/** With the copied key alone: no purse would. Returns the record's id, once no report pays it. */
async function signThird(
  { devnet, story, amounts: { doubled } }: Stage,
  { a, c }: People,
  outpoint: Outpoint,
): Promise<Hex> {
  const key = await openDeviceKey(join(a.setting.folder, "key.json"), systemRandom);
  const { owner } = await c.call("identity");
  const record = await signRecord(
    fromHex(devnet.network.networkId),
    {
      kind: "spend",
      inputs: [outpoint],
      outputs: [
        { lock: lock.key, owner, custodian: banks.c, amount: TAKEN },
        {
          lock: lock.key,
          owner: ownerOf(key.publicKey),
          custodian: banks.a,
          amount: doubled - TAKEN,
        },
      ],
      counter: 0,
      time: Date.now(),
      nonce: systemRandom(16),
      audit: auditOf(new Uint8Array()),
    },
    key,
  );
  const id = recordId(fromHex(devnet.network.networkId), record.body);
  const node = devnet.client(banks.c);
  await node.submit([record.bytes]);
  await until("a report was refused", async () =>
    (await node.conflicts({ record: id })).some(({ stage }) => stage === "refused"),
  );
  story.step(`C was handed record ${short(id)}, and brings it to its bank`);
  story.quote("its bank's node explains", (await node.explain(id)).sentences);
  return id;
}

async function claim({ devnet, story }: Stage, record: Hex): Promise<OpenCase> {
  const { network, memberKey } = devnetPaths(devnet.folder);
  const evidence = join(devnet.folder, "case-evidence.json");
  await writeFile(evidence, await devnet.client(OBSERVER).evidence(record));
  const key = memberKey(banks.c, "operator");
  await using session = await AdminSession.open({ network, key });
  const file = await readClaimFile(fromHex(session.network.networkId), evidence);
  const argument = toHex(sha256(await readBytes(evidence)));
  const { says, call } = await claimOf(session, file, { argument });
  await session.client.send(call);
  const caseId = await session.client.reader.caseCount();
  story.step(`member ${banks.c} opens case ${caseId}: ${shortly(says)}`);
  story.step(
    "the hash of the evidence stands in it, on chain; the file is the regulator's to read",
  );
  return { caseId, record, evidence };
}

/** Answered, ruled on, enforced: each by whom it is for. */
export async function closeCase(
  stage: Stage,
  people: People,
  opened: OpenCase,
): Promise<CaseOutcome> {
  return await stage.story.phase("The case is answered and ruled on, and the bond pays", () =>
    decide(stage, people, opened),
  );
}

async function decide(
  stage: Stage,
  { c }: People,
  { caseId, record }: OpenCase,
): Promise<CaseOutcome> {
  const { devnet, story, amounts } = stage;
  const { key, memberKey } = devnetPaths(devnet.folder);
  const { total } = await c.call("balance");
  const before = await as(devnet.folder, memberKey(banks.a, "operator"), async (session) => {
    const answer = sha256(utf8.encode("Our customer's purse was copied. We do not contest it."));
    await session.client.send(answerCase(caseId, toHex(answer)));
    return await readGuarantees(session.client.reader);
  });
  story.step(`member ${banks.a} answers that it does not contest it`);
  await as(devnet.folder, key("authority", "authority"), (session) =>
    new Authority(session.client, 60).call(ruleCase(caseId, true)),
  );
  story.step("the regulator has checked the evidence, and rules for the claimant");
  return await as(devnet.folder, memberKey(banks.c, "operator"), async (session) => {
    await session.client.send(enforce(caseId));
    await untilApplied(devnet, [record]);
    await untilSettled(c, gatewayOf(stage, "c"));
    const gain = (await c.call("balance")).total - total;
    if (gain !== TAKEN) throw new Error(`C has ${gain} more, where the case is about ${TAKEN}`);
    const after = await readGuarantees(session.client.reader);
    const paid = before.bonds.get(banks.a)! - after.bonds.get(banks.a)!;
    const fine = after.fines - before.fines;
    if (paid !== amounts.doubled + fine)
      throw new Error(`the bond of member ${banks.a} paid ${paid}, ${fine} of it as a fine`);
    const { status } = await readCase(session, caseId);
    story.step(
      `the bond of member ${banks.a} has paid ${story.money(amounts.doubled)} and a fine of ${story.money(fine)}; C has its ${story.money(TAKEN)}`,
    );
    story.quote("`tallystick admin case show` says", (await caseReport(session, caseId)).lines);
    return { caseId, status, record, paid: String(amounts.doubled), fine: String(fine) };
  });
}

async function as<T>(
  folder: string,
  key: string,
  work: (session: AdminSession) => Promise<T>,
): Promise<T> {
  await using session = await AdminSession.open({ network: devnetPaths(folder).network, key });
  return await work(session);
}

/** Long names as a person reads them. */
function shortly(text: string): string {
  return text.replaceAll(/0x[0-9a-f]{40,}/g, short);
}
