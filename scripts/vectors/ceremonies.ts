/** Ceremonies of the audit key: every message of good ones, what comes of them, and how liars are named. */
import { sha256 } from "#sha256";
import { concat, toHex, utf8 } from "../../protocol/bytes.ts";
import {
  type Ceremony,
  makeDeal,
  makePledge,
  makeShare,
  makeVerdict,
  type OwnPart,
  type OwnShare,
} from "../../protocol/audit/ceremony.ts";
import { ceremonySecret } from "../../protocol/audit/ceremony-secret.ts";
import { decodeDeal } from "../../protocol/audit/deal.ts";
import { decodeItem, encodeItem, subjectOf } from "../../protocol/audit/disclosure.ts";
import {
  decodePartialOpening,
  encodePartialOpening,
  makePartialOpening,
} from "../../protocol/audit/partial-opening.ts";
import {
  type CeremonyPlan,
  ceremonyId,
  decodePlan,
  encodePlan,
} from "../../protocol/audit/plan.ts";
import { decodePledge } from "../../protocol/audit/pledge.ts";
import {
  checkTranscript,
  decodeTranscript,
  encodeTranscript,
  type SharedAuditKey,
  type Transcript,
} from "../../protocol/audit/transcript.ts";
import { decodeVerdict, type SignedVerdict, signVerdict } from "../../protocol/audit/verdict.ts";
import { decodeEnvelope, sealEnvelope } from "../../protocol/envelope.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { bytes, key, networkId, random } from "./keys.ts";
import { bad, badLengths, fieldsOf, good, patch } from "./vector.ts";

const verifier = new NodeVerifier();

/** A ceremony that all holders saw through. */
export type Held = {
  readonly ceremony: Ceremony;
  readonly owns: readonly OwnPart[];
  readonly transcript: Transcript;
  readonly shares: readonly OwnShare[];
  readonly audit: SharedAuditKey;
};

/** A plan of holders with these names, and each one's own part, in the order of their numbers. */
export function planOf(
  epoch: number,
  threshold: number,
  names: readonly string[],
): { readonly ceremony: Ceremony; readonly owns: readonly OwnPart[] } {
  const holders = names
    .map((name) => ({
      signer: key(name),
      account: toHex(sha256(utf8.encode(name)).subarray(0, 20)),
      name,
    }))
    .sort((a, b) => (toHex(a.signer.publicKey) < toHex(b.signer.publicKey) ? -1 : 1));
  const plan: CeremonyPlan = {
    epoch,
    salt: bytes(`salt ${epoch} ${names.join()}`, 16),
    threshold,
    holders: holders.map(({ signer, account, name }) => ({
      signingKey: signer.publicKey,
      account,
      name,
    })),
  };
  const id = ceremonyId(networkId, plan);
  const owns = holders.map(({ signer, name }) => ({
    signer,
    secret: ceremonySecret(bytes(`secret of ${name}`, 32), id),
  }));
  return { ceremony: { networkId, plan }, owns };
}

/** Holds a ceremony from its plan to everyone's share. */
export async function hold(
  epoch: number,
  threshold: number,
  names: readonly string[],
): Promise<Held> {
  const { ceremony, owns } = planOf(epoch, threshold, names);
  const pledges = await Promise.all(owns.map((own) => makePledge(ceremony, own)));
  const deals = await Promise.all(owns.map((own) => makeDeal(ceremony, own, pledges, verifier)));
  const verdicts = await Promise.all(
    owns.map((own) => makeVerdict(ceremony, own, pledges, deals, verifier)),
  );
  const transcript = { plan: ceremony.plan, pledges, deals, verdicts };
  const shares = await Promise.all(
    owns.map((own) => makeShare(ceremony, own, pledges, deals, verdicts, verifier)),
  );
  const audit = await checkTranscript(networkId, transcript, verifier);
  return { ceremony, owns, transcript, shares, audit };
}

export async function ceremonies() {
  const two = await hold(7, 2, ["central bank", "regulator", "court"]);
  const one = await hold(1, 1, ["central bank"]);
  const { pledges, deals, verdicts } = two.transcript;
  const plan = encodePlan(two.ceremony.plan);
  const device = key("payer").publicKey;
  const audit = { epoch: 7, publicKey: two.audit.publicKey };
  const text = utf8.encode("customer 42");
  const envelope = await sealEnvelope(networkId, device, audit, text, random("shared envelope"));
  const { ephemeral } = decodeEnvelope(envelope);
  const openings = two.shares.map((share) =>
    encodePartialOpening(makePartialOpening(networkId, share, ephemeral, random("opening"))),
  );
  const complaint = await complaintOf(two);
  return {
    plans: {
      good: [two, one].map(({ ceremony }) => {
        const encoded = encodePlan(ceremony.plan);
        return { name: nameOf(ceremony), bytes: toHex(encoded), expected: fieldsOf(ceremony.plan) };
      }),
      bad: [
        ...badLengths(plan, decodePlan),
        bad("version 0", patch(plan, 0, 0), decodePlan),
        bad("epoch 0", patch(plan, 1, 0, 0, 0, 0), decodePlan),
        bad("threshold 0", patch(plan, 21, 0), decodePlan),
        bad("a threshold above the holders", patch(plan, 21, 4), decodePlan),
        bad("33 holders", patch(plan, 22, 33), decodePlan),
        bad("a key twice", twice(plan), decodePlan),
      ],
    },
    pledges: {
      good: pledges.map((each) => good(`of holder ${each.holder}`, each)),
      bad: [
        ...badLengths(pledges[0]!.bytes, decodePledge),
        bad("holder 0", patch(pledges[0]!.bytes, 32, 0), decodePledge),
        bad("no sealing keys", patch(pledges[0]!.bytes, 65, 0), decodePledge),
        bad("a sealing key that is none", patch(pledges[0]!.bytes, 66, 4), decodePledge),
      ],
    },
    deals: {
      good: deals.map((each) => good(`of holder ${each.holder}`, each)),
      bad: [
        ...badLengths(deals[0]!.bytes, decodeDeal),
        bad("holder 33", patch(deals[0]!.bytes, 32, 33), decodeDeal),
        bad("threshold 0", patch(deals[0]!.bytes, 65, 0), decodeDeal),
        bad("a commitment that is no point", patch(deals[0]!.bytes, 66, 0), decodeDeal),
      ],
    },
    verdicts: {
      good: [
        ...verdicts.map((each) => good(`of holder ${each.holder}`, each)),
        good("a complaint", complaint),
      ],
      bad: [
        ...badLengths(verdicts[0]!.bytes, decodeVerdict),
        bad("kind 2", patch(verdicts[0]!.bytes, 65, 2), decodeVerdict),
        bad("about holder 0", patch(complaint.bytes, 66, 0), decodeVerdict),
      ],
    },
    transcripts: {
      good: [two, one].map(({ ceremony, transcript }) => ({
        name: nameOf(ceremony),
        bytes: toHex(encodeTranscript(transcript)),
        expected: fieldsOf(transcript),
      })),
      bad: [
        ...badLengths(encodeTranscript(one.transcript), decodeTranscript),
        bad("version 2", patch(encodeTranscript(one.transcript), 0, 2), decodeTranscript),
        bad("a plan of epoch 0", patch(encodeTranscript(one.transcript), 9, 0), decodeTranscript),
      ],
    },
    /** What comes of the transcripts, and what only their holders know. */
    keys: [two, one].map(({ ceremony, audit: shared, shares }) => ({
      name: nameOf(ceremony),
      ceremony: ceremonyId(networkId, ceremony.plan),
      publicKey: toHex(shared.publicKey),
      holders: shared.holders.map(({ number, publicShare }, i) => ({
        number,
        publicShare: toHex(publicShare),
        share: toHex(shares[i]!.scalar),
      })),
    })),
    items: {
      good: [itemVector(device, envelope)].map(({ bytes: encoded, subject, ...item }) => ({
        name: "of a device",
        bytes: toHex(encoded),
        expected: { ...(fieldsOf(item) as object), subject },
      })),
      bad: [
        ...badLengths(itemVector(device, envelope).bytes, decodeItem),
        bad("a key that is none", patch(itemVector(device, envelope).bytes, 16, 9), decodeItem),
        bad("513 bytes", patch(itemVector(device, envelope).bytes, 49, 2, 1), decodeItem),
      ],
    },
    openings: {
      envelope: toHex(envelope),
      deviceKey: toHex(device),
      text: toHex(text),
      good: openings.map((each, i) => ({
        name: `of holder ${i + 1}`,
        bytes: toHex(each),
        expected: fieldsOf(decodePartialOpening(each)),
      })),
      bad: [
        ...badLengths(openings[0]!, decodePartialOpening),
        bad("holder 0", patch(openings[0]!, 0, 0), decodePartialOpening),
        bad("a point that is none", patch(openings[0]!, 1, 1), decodePartialOpening),
      ],
    },
  };
}

/** The third holder says of the first what is not true: its share was right. */
async function complaintOf({ ceremony, owns }: Held): Promise<SignedVerdict> {
  const { signer, secret } = owns[2]!;
  return await signVerdict(
    networkId,
    {
      ceremony: ceremonyId(networkId, ceremony.plan),
      holder: 3,
      deals: toHex(bytes("deals", 32)),
      finding: { kind: "complaint", dealer: 1, openingKey: secret.sealingKey(1).privateKey },
    },
    signer,
  );
}

/** An item, and its subject. */
function itemVector(deviceKey: Uint8Array, envelope: Uint8Array) {
  const item = { salt: bytes("salt of an item", 16), deviceKey, envelope };
  return { ...item, bytes: encodeItem(item), subject: subjectOf(networkId, item) };
}

function nameOf({ plan: { threshold, holders } }: Ceremony): string {
  return `${threshold} of ${holders.length}`;
}

/** An encoded plan of three in which the first holder stands twice. */
function twice(plan: Uint8Array): Uint8Array {
  const first = plan.slice(23, 23 + 33 + 20 + 1 + plan[23 + 53]!);
  return concat(plan.slice(0, 22), Uint8Array.of(4), first, plan.slice(23));
}
