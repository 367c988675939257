/**
 * The demo's last part with `--audit`: who is behind the key that spent twice. The regulator asks on chain, with
 * the evidence of the case for its basis; one of three holders is not enough, two are. Then an auditor proves the supply.
 */
import { join } from "node:path";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Deed } from "../admin/deed.ts";
import { AdminSession } from "../admin/session.ts";
import { approve, auditLog, combine, open, request } from "../audit/disclosure.ts";
import { supplyReport, verifyHistory } from "../audit/history.ts";
import { devnetPaths, OBSERVER } from "../devnet/blueprint.ts";
import { type Holder, serveAll, THRESHOLD, transcriptOf } from "./holders.ts";
import type { Stage } from "./stage.ts";
import { short } from "./story.ts";

/** What came of it, amounts as decimal strings of minor units. */
export type OpeningOutcome = {
  readonly owner: Hex;
  /** What its bank sealed: the customer's reference. */
  readonly identity: string;
  readonly requests: number;
  readonly grants: number;
};

export type ProofOutcome = {
  readonly events: number;
  readonly checkpoints: number;
  readonly supply: string;
};

type Case = {
  readonly holders: readonly Holder[];
  readonly urls: readonly string[];
  /** Paths: what is to be opened, the evidence, the key that answers are sealed to. */
  readonly item: string;
  readonly basis: string;
  readonly requester: string;
};

/** The first request there is. */
const ID = 1;

/** @param basis path of the evidence that the case was opened with. */
export async function openIdentity(
  stage: Stage,
  holders: readonly Holder[],
  owner: Hex,
  basis: string,
): Promise<OpeningOutcome> {
  const { devnet, story, running } = stage;
  const at = (name: string) => join(devnet.folder, name);
  const asked: Case = {
    holders,
    urls: await serveAll(devnet, holders, running),
    item: at("item.bin"),
    basis,
    requester: at("requester.json"),
  };
  await story.phase("The regulator asks who is behind that key", () => ask(stage, asked, owner));
  await story.phase("One of three holders approves: it is refused", () =>
    approveOne(stage, asked, 0),
  );
  const identity = await story.phase("A second approves: the identity is opened", () =>
    openIt(stage, asked, owner),
  );
  const counts = await story.phase("Everyone can see that it was", () => seen(stage, identity));
  return { owner, identity, ...counts };
}

async function ask(
  { devnet, story }: Stage,
  { item, basis, requester }: Case,
  owner: Hex,
): Promise<void> {
  await createKeyFile(requester, StoredKey.generate("P-256"));
  const node = devnet.apiUrl(OBSERVER);
  const authority = devnetPaths(devnet.folder).key("authority", "authority");
  await does(devnet.folder, authority, (session) =>
    request(session, { node, owner, basis, requester, out: item, days: 7 }),
  );
  story.step(
    `request ${ID} is on chain, for the identity behind ${short(owner)}, as hashes: of whom, the chain is not told; its basis is the evidence`,
  );
}

async function approveOne(
  { devnet, story }: Stage,
  { holders, urls, item, basis }: Case,
  index: number,
): Promise<void> {
  const { name, account } = holders[index]!;
  await does(devnet.folder, account, (session) => approve(session, ID, { item, basis }));
  const out = join(devnet.folder, "early");
  const refusal = await open(ID, { item, holder: urls, out }).catch((error: unknown) => error);
  if (!isRefusal(refusal, "not-granted"))
    throw new Error("holders answer what is not granted", { cause: refusal });
  story.step(`${name} approves; all ${urls.length} holders' services look at the chain and refuse`);
}

/** Returns what the bank sealed. */
async function openIt(
  { devnet, story }: Stage,
  { holders, urls, item, basis, requester }: Case,
  owner: Hex,
): Promise<string> {
  const { name, account } = holders[1]!;
  await does(devnet.folder, account, (session) => approve(session, ID, { item, basis }));
  story.step(`${name} approves: the contract grants it, and the services answer, sealed`);
  const out = join(devnet.folder, "answer");
  await open(ID, { item, holder: urls, out });
  const { network } = devnetPaths(devnet.folder);
  const answers = [1, THRESHOLD + 1].map((i) => `${out}-${i}.bin`);
  const transcript = transcriptOf(holders);
  const { data } = await combine(ID, answers, { network, item, requester, transcript });
  const { text, owner: opened } = data as { text: string; owner: Hex };
  if (opened !== owner) throw new Error(`${opened} was opened where ${owner} was asked for`);
  story.step(`put together, two answers say who it is: ${text}`);
  return text;
}

async function seen({ devnet, story }: Stage, identity: string) {
  await using session = await AdminSession.open({ network: devnetPaths(devnet.folder).network });
  const { data } = await auditLog(session);
  if (JSON.stringify(data).includes(identity)) throw new Error("the log tells who was opened");
  const { requests, grants } = data as { requests: number; grants: number };
  story.step(`the log shows ${requests} request and ${grants} grant, by whom and on which basis`);
  return { requests, grants };
}

/** As `tallystick audit verify` and `supply` do, from a node's bytes that nobody needs to trust. */
export async function prove({ devnet, story }: Stage): Promise<ProofOutcome> {
  const options = { node: devnet.apiUrl(OBSERVER), folder: join(devnet.folder, "auditor") };
  await using session = await AdminSession.open({ network: devnetPaths(devnet.folder).network });
  const verified = await verifyHistory(session, options, () => undefined);
  const { seq, cycles } = verified.data as { seq: number; cycles: readonly unknown[] };
  story.quote("`tallystick audit verify` says", verified.lines);
  const { lines, data } = await supplyReport(session, options, () => undefined);
  story.quote(
    "`tallystick audit supply` says",
    lines.filter((line) => line !== ""),
  );
  const { supply } = data as { supply: bigint };
  return { events: seq, checkpoints: cycles.length, supply: String(supply) };
}

async function does(
  folder: string,
  key: string,
  plan: (session: AdminSession) => Promise<Deed>,
): Promise<void> {
  const { network } = devnetPaths(folder);
  await using session = await AdminSession.open({ network, key });
  await (await plan(session)).does();
}
