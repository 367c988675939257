/**
 * The way of one opening, as its people go it: a regulator names what it wants opened and why, holders look
 * at both and approve, their services answer, and the regulator puts the answers together. What is to be
 * opened is a file, the item, which goes from the regulator to the holders and never to the chain.
 */
import { sha256 } from "#sha256";
import { askHolder } from "../../node/audit/holder-client.ts";
import {
  countDisclosures,
  type DisclosureEntry,
  readDisclosure,
} from "../../node/chain/audit-log.ts";
import { approveDisclosure, requestDisclosure } from "../../node/chain/calls.ts";
import { createFile } from "../../node/service/durable-file.ts";
import { readGivenFile } from "../../node/service/given-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import {
  decodeItem,
  type DisclosureItem,
  encodeItem,
  makeItem,
  openAnswer,
  subjectOf,
} from "../../protocol/audit/disclosure.ts";
import { combineOpenings } from "../../protocol/audit/partial-opening.ts";
import { checkTranscript } from "../../protocol/audit/transcript.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { checkEnvelopeProof, decodeEnvelope, openEnvelopeAt } from "../../protocol/envelope.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { ownerOf } from "../../protocol/key.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { type Deed, done } from "../admin/deed.ts";
import type { AdminSession } from "../admin/session.ts";
import { parseHex, readText } from "../arguments.ts";
import { type Report, tableLines, timeText } from "../report.ts";
import { type Access, nodeAt, tlsOf } from "../service-access.ts";
import { readTranscript } from "./ceremony-folder.ts";

export type Wanted = Access & {
  /** The node to ask for it. */
  readonly node: string;
  /** A key's owner, whose identity; or else a record's id, whose memo. */
  readonly owner?: string;
  readonly record?: string;
};

export type RequestOptions = Wanted & {
  /** Paths: of the legal basis, of the key that answers are sealed to, and of the item to be written. */
  readonly basis: string;
  readonly requester: string;
  readonly out: string;
  readonly days: number;
};

const DAY_S = 24 * 60 * 60;

/** Asks on chain, and writes the item. */
export async function request(session: AdminSession, options: RequestOptions): Promise<Deed> {
  const item = await itemOf(options);
  const networkId = fromHex(session.network.networkId);
  const { epoch } = decodeEnvelope(item.envelope);
  const legalBasis = await hashOf(options.basis);
  const { publicKey } = await loadKeyFile(options.requester, "P-256");
  await keepItem(options.out, item);
  const kept = await readItem(options.out);
  const untilS = Math.floor(Date.now() / 1000) + options.days * DAY_S;
  const subject = subjectOf(networkId, kept);
  return {
    says: `ask to open what ${ownerOf(item.deviceKey)} is sealed with, on the basis ${legalBasis}, until ${timeText(untilS * 1000)}; the item is in ${options.out}, for the holders`,
    does: () =>
      done(
        session.client.send(
          requestDisclosure({ epoch, subject, legalBasis, requesterKey: publicKey, untilS }),
        ),
      ),
  };
}

/** Approves as a holder, after comparing what is shown with what the chain says. */
export async function approve(
  session: AdminSession,
  id: number,
  options: { readonly item: string; readonly basis: string },
): Promise<Deed> {
  const entry = await entryOf(session, id);
  const item = await itemFor(session, entry, options.item);
  if ((await hashOf(options.basis)) !== entry.legalBasis)
    throw new Refusal("conflict", `${options.basis} is not the basis that request ${id} names`);
  return {
    says: `approve request ${id} by ${entry.requester}: open what ${ownerOf(item.deviceKey)} is sealed with, on the basis in ${options.basis}, until ${timeText(entry.untilS * 1000)}`,
    does: () => done(session.client.send(approveDisclosure(id))),
  };
}

/** Asks holders' services, and writes each answer into a file, sealed as it came. */
export async function open(
  id: number,
  options: Access & {
    readonly item: string;
    readonly holder: readonly string[];
    readonly out: string;
  },
): Promise<Report> {
  const item = encodeItem(await readItem(options.item));
  const tls = await tlsOf(options);
  const answers = await Promise.all(
    options.holder.map(async (url, i) => {
      try {
        const file = `${options.out}-${i + 1}.bin`;
        await createFile(file, await askHolder(url, id, item, tls));
        return { url, file };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { url, code: error.code, detail: error.message };
      }
    }),
  );
  if (answers.every(({ file }) => file === undefined)) {
    const [first] = answers;
    throw new Refusal(
      first!.code!,
      answers.map(({ url, detail }) => `${url}: ${detail}`).join("; "),
    );
  }
  return {
    lines: answers.map(({ url, file, detail }) =>
      file === undefined ? `${url} refuses: ${detail}` : `${url} answers: ${file}`,
    ),
    data: { answers },
  };
}

export type CombineOptions = {
  /** Paths: network file, item, requester's key, ceremony's transcript, and the answers. */
  readonly network: string;
  readonly item: string;
  readonly requester: string;
  readonly transcript: string;
};

/** Opens what was asked for, with the answers alone: no network. */
export async function combine(
  id: number,
  paths: readonly string[],
  options: CombineOptions,
): Promise<Report> {
  const networkId = fromHex(parseNetworkFile(await readText(options.network)).networkId);
  const item = await readItem(options.item);
  const envelope = decodeEnvelope(item.envelope);
  const transcript = await readTranscript(options.transcript);
  const key = await checkTranscript(networkId, transcript, new NodeVerifier());
  if (key.epoch !== envelope.epoch)
    throw new Refusal("conflict", `it is sealed to epoch ${envelope.epoch}, not ${key.epoch}`);
  const requester = sealingKeyOf((await loadKeyFile(options.requester, "P-256")).reveal());
  const asked = { id, subject: subjectOf(networkId, item) };
  const answers = await Promise.all(
    paths.map(async (path) => openAnswer(networkId, asked, requester, await bytesOf(path))),
  );
  const { shared, wrong } = combineOpenings(networkId, key, envelope.ephemeral, answers);
  const opened = await openEnvelopeAt(networkId, item.deviceKey, envelope, shared);
  const text = new TextDecoder().decode(opened);
  const named = (number: number) => key.holders[number - 1]?.name ?? "unknown";
  return {
    lines: [
      `${ownerOf(item.deviceKey)} is sealed with: ${text}`,
      ...wrong.map((number) => `The answer of holder ${number}, ${named(number)}, is wrong.`),
    ],
    data: { owner: ownerOf(item.deviceKey), text, bytes: toHex(opened), wrong },
  };
}

/** What everyone can see: how many, by whom, on what basis, and who agreed. */
export async function auditLog(session: AdminSession): Promise<Report> {
  const { requests, grants } = await countDisclosures(session.client.reader);
  const entries: DisclosureEntry[] = [];
  for (let id = 1; id <= requests; id++) entries.push(await entryOf(session, id));
  const rows = entries.map(({ id, requester, epoch, approvedBy, untilS, legalBasis }) => [
    `${id}`,
    requester,
    `${epoch}`,
    approvedBy.join(", ") || "nobody",
    timeText(untilS * 1000),
    legalBasis,
  ]);
  const head = ["request", "by", "epoch", "approved by", "until", "legal basis"];
  return {
    lines: [
      `${requests} requests, ${grants} of them granted.`,
      ...(rows.length === 0 ? [] : tableLines(head, rows)),
    ],
    data: {
      requests,
      grants,
      disclosures: entries.map((each) => ({ ...each, requesterKey: toHex(each.requesterKey) })),
    },
  };
}

/** What a node holds of what is wanted. */
async function itemOf({ node, owner, record, ...access }: Wanted): Promise<DisclosureItem> {
  const client = await nodeAt(node, access);
  if ((owner === undefined) === (record === undefined))
    throw new Refusal("malformed", "say with --owner or with --record what is to be opened");
  const bytes =
    owner === undefined
      ? await client.leaf(parseHex(record!, 32, "an id"))
      : await client.enrolmentLeaf(parseHex(owner, 20, "an owner"));
  const leaf = decodeLeaf(bytes);
  const signer = leaf.kind === "enrolment" ? leaf.deviceKey : leaf.signer;
  if (leaf.envelope.length === 0)
    throw new Refusal("not-found", `nothing is sealed under ${ownerOf(signer)} there`);
  return makeItem(signer, leaf.envelope, systemRandom);
}

/** Writes an item, but for one that is there: what was asked once is asked again as it was. */
async function keepItem(path: string, item: DisclosureItem): Promise<void> {
  try {
    await createFile(path, encodeItem(item));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const known = await readItem(path);
    if (toHex(known.envelope) !== toHex(item.envelope))
      throw new Refusal("conflict", `${path} is there, and for something else`);
  }
}

/** @throws Refusal `conflict` where the item is not what the request is for; `bad-proof`. */
async function itemFor(
  session: AdminSession,
  { id, subject }: DisclosureEntry,
  path: string,
): Promise<DisclosureItem> {
  const networkId = fromHex(session.network.networkId);
  const item = await readItem(path);
  if (subjectOf(networkId, item) !== subject)
    throw new Refusal("conflict", `${path} is not what request ${id} is for`);
  checkEnvelopeProof(networkId, item.deviceKey, decodeEnvelope(item.envelope));
  return item;
}

/** @throws Refusal `not-found`. */
async function entryOf({ client }: AdminSession, id: number): Promise<DisclosureEntry> {
  const entry = await readDisclosure(client.reader, id);
  if (entry === undefined) throw new Refusal("not-found", `the audit log has no request ${id}`);
  return entry;
}

async function readItem(path: string): Promise<DisclosureItem> {
  return decodeItem(await bytesOf(path));
}

async function bytesOf(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readGivenFile(path));
}

async function hashOf(path: string): Promise<Hex> {
  return toHex(sha256(await bytesOf(path)));
}
