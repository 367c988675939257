/**
 * One holder's steps in a ceremony, over the files in its folder. Its secret for the ceremony and its share
 * of the key are key files, which never leave its machine; each step may be run again.
 */
import { access } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { createKeyFile, loadKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import {
  type Ceremony,
  makeDeal,
  makePledge,
  makeShare,
  makeVerdict,
  type OwnPart,
} from "../../protocol/audit/ceremony.ts";
import { ceremonySecret } from "../../protocol/audit/ceremony-secret.ts";
import {
  type CeremonyPlan,
  ceremonyId,
  holderNumber,
  type PlannedHolder,
} from "../../protocol/audit/plan.ts";
import {
  checkTranscript,
  type SharedAuditKey,
  transcriptHash,
} from "../../protocol/audit/transcript.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { parseHex, readText } from "../arguments.ts";
import type { Report } from "../report.ts";
import { CeremonyFolder, readTranscript } from "./ceremony-folder.ts";

export type CeremonyOptions = {
  /** Paths: of the ceremony's folder, and of the network file. */
  readonly folder: string;
  readonly network: string;
};

export type HolderOptions = CeremonyOptions & {
  /** Key files: the holder's own, and its secret of this ceremony. */
  readonly key: string;
  readonly secret: string;
};

const verifier = new NodeVerifier();

/** @param holders as people name them: "key:account:name". @throws Refusal `malformed`, `conflict`. */
export async function planCeremony(
  options: CeremonyOptions & { readonly epoch: number; readonly threshold: number },
  holders: readonly string[],
): Promise<Report> {
  const networkId = await networkIdOf(options);
  const { epoch, threshold } = options;
  const ascending = holders
    .map(parseHolder)
    .sort((a, b) => (toHex(a.signingKey) < toHex(b.signingKey) ? -1 : 1));
  const plan = { epoch, threshold, salt: new Uint8Array(randomBytes(16)), holders: ascending };
  const file = await CeremonyFolder.create(options.folder, plan);
  return {
    lines: [
      `${file}: ${threshold} of ${holders.length} open epoch ${epoch}.`,
      ...holderLines(plan),
      "Send it to every holder, who compares keys and accounts, and commits.",
    ],
    data: { file, ceremony: ceremonyId(networkId, plan), holders: plan.holders.map(publicOf) },
  };
}

/** Binds the holder to what it will deal. Makes its secret, if there is none. */
export async function commit(options: HolderOptions): Promise<Report> {
  return await step(options, "pledge", (ceremony, own) => makePledge(ceremony, own));
}

/** Deals to everyone, once all have committed. */
export async function share(options: HolderOptions): Promise<Report> {
  return await step(options, "deal", async (ceremony, own, folder) =>
    makeDeal(ceremony, own, await folder.readAll("pledge"), verifier),
  );
}

/** Says whether what was dealt to the holder is right, once all have dealt. */
export async function verify(options: HolderOptions): Promise<Report> {
  return await step(options, "verdict", async (ceremony, own, folder) =>
    makeVerdict(
      ceremony,
      own,
      await folder.readAll("pledge"),
      await folder.readAll("deal"),
      verifier,
    ),
  );
}

/**
 * Writes the transcript, and the holder's share into a key file of its own, once all verdicts are there.
 * @throws Refusal `failed-ceremony` naming who is to blame.
 */
export async function finish(options: HolderOptions & { readonly share: string }): Promise<Report> {
  const { ceremony, own, folder } = await holderOf(options);
  const pledges = await folder.readAll("pledge");
  const deals = await folder.readAll("deal");
  const verdicts = await folder.readAll("verdict");
  const { scalar } = await makeShare(ceremony, own, pledges, deals, verdicts, verifier);
  await keepKey(options.share, new StoredKey("P-256", scalar));
  const transcript = { plan: folder.plan, pledges, deals, verdicts };
  const file = await folder.writeTranscript(transcript);
  const audit = await checkTranscript(ceremony.networkId, transcript, verifier);
  return {
    lines: [
      `${options.share}: the share of epoch ${audit.epoch}. Keep it as long as anything sealed to it may be opened.`,
      `${file}: what everyone verifies.`,
      ...keyLines(audit, transcriptHash(transcript)),
      `${options.secret} has no further use: destroy it.`,
    ],
    data: { share: options.share, file, ...keyData(audit, transcriptHash(transcript)) },
  };
}

/** Checks a transcript with nothing but the network file. */
export async function verifyKey(path: string, network: string): Promise<Report> {
  const transcript = await readTranscript(path);
  const audit = await checkTranscript(await networkIdOf({ network }), transcript, verifier);
  const hash = transcriptHash(transcript);
  return { lines: keyLines(audit, hash), data: keyData(audit, hash) };
}

type Step = Parameters<CeremonyFolder["write"]>;

/** One message of the holder, said once: where its file is there, that is the one. */
async function step(
  options: HolderOptions,
  kind: Step[0],
  make: (ceremony: Ceremony, own: OwnPart, folder: CeremonyFolder) => Promise<Step[1]>,
): Promise<Report> {
  const { ceremony, own, folder } = await holderOf(options, kind === "pledge");
  const number = holderNumber(folder.plan, own.signer.publicKey);
  const known = await folder.find(kind, number);
  const said = known === undefined ? await make(ceremony, own, folder) : undefined;
  const file = known ?? (await folder.write(kind, said!));
  const isComplaint = said !== undefined && "finding" in said && said.finding.kind === "complaint";
  return {
    lines: [
      `${file}: ${known === undefined ? "send it to every other holder" : "there already"}.`,
      ...(isComplaint ? ["It is a complaint: a share is wrong, and the ceremony is void."] : []),
    ],
    data: { file, holder: number, isComplaint },
  };
}

async function holderOf(options: HolderOptions, isFirst = false) {
  const networkId = await networkIdOf(options);
  const folder = await CeremonyFolder.open(options.folder);
  const signer = await loadKeyFile(options.key, "P-256");
  holderNumber(folder.plan, signer.publicKey);
  if (isFirst && !(await exists(options.secret))) {
    await createKeyFile(options.secret, StoredKey.generate("P-256"));
  }
  const seed = (await loadKeyFile(options.secret, "P-256")).reveal();
  const own: OwnPart = { signer, secret: ceremonySecret(seed, ceremonyId(networkId, folder.plan)) };
  const ceremony: Ceremony = { networkId, plan: folder.plan };
  return { ceremony, own, folder };
}

/** Writes a key file, or finds the same key in it. @throws Refusal `conflict`. */
async function keepKey(path: string, key: StoredKey): Promise<void> {
  try {
    await createKeyFile(path, key);
  } catch (error) {
    if (!isRefusal(error, "conflict")) throw error;
    const known = await loadKeyFile(path, "P-256");
    if (toHex(known.publicKey) !== toHex(key.publicKey)) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function networkIdOf({ network }: Pick<CeremonyOptions, "network">): Promise<Uint8Array> {
  return fromHex(parseNetworkFile(await readText(network)).networkId, 32);
}

/** "0x…:0x…:Central Bank". @throws Refusal `malformed`. */
function parseHolder(text: string): PlannedHolder {
  const [key = "", account = "", ...name] = text.split(":");
  if (name.join(":") === "")
    throw new Refusal("malformed", `"${text}" is no holder: key:account:name`);
  return {
    signingKey: fromHex(parseHex(key, 33, "a key")),
    account: parseHex(account, 20, "an account"),
    name: name.join(":"),
  };
}

function holderLines({ holders }: Pick<CeremonyPlan, "holders">): string[] {
  return holders.map(
    ({ name, signingKey, account }, i) =>
      `  holder ${i + 1}, ${name}: key ${toHex(signingKey)}, account ${account}`,
  );
}

function keyLines(audit: SharedAuditKey, hash: Hex): string[] {
  return [
    `Audit key of epoch ${audit.epoch}: ${toHex(audit.publicKey)}, opened by ${audit.threshold} of ${audit.holders.length}.`,
    `Transcript ${hash}`,
    ...holderLines(audit),
  ];
}

function keyData({ epoch, publicKey, threshold, holders }: SharedAuditKey, transcript: Hex) {
  return {
    epoch,
    publicKey: toHex(publicKey),
    threshold,
    transcript,
    holders: holders.map((holder) => ({
      number: holder.number,
      ...publicOf(holder),
      publicShare: toHex(holder.publicShare),
    })),
  };
}

function publicOf({ name, signingKey, account }: PlannedHolder) {
  return { name, signingKey: toHex(signingKey), account };
}
