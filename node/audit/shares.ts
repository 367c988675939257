/** The shares a holder keeps: one an epoch, each with the transcript that says whose it is and of which key. */
import type { OwnShare } from "../../protocol/audit/ceremony.ts";
import {
  checkTranscript,
  decodeTranscript,
  type SharedAuditKey,
  transcriptHash,
} from "../../protocol/audit/transcript.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { readGivenFile } from "../service/given-file.ts";
import { loadKeyFile } from "../service/key-file.ts";

export type HeldShare = {
  readonly key: SharedAuditKey;
  readonly share: OwnShare;
  /** SHA-256 of the transcript. */
  readonly transcript: Hex;
};

/** Paths of a share's key file and of its ceremony's transcript. */
export type SharePaths = { readonly share: string; readonly transcript: string };

/**
 * Shares by epoch.
 * @throws Refusal `bad-configuration` for a share that is of no holder of its transcript, or two of an epoch;
 *   as `checkTranscript` and `loadKeyFile`.
 */
export async function loadShares(
  networkId: Hex,
  paths: readonly SharePaths[],
): Promise<ReadonlyMap<number, HeldShare>> {
  const shares = new Map<number, HeldShare>();
  for (const each of paths) {
    const held = await loadShare(fromHex(networkId), each);
    const { epoch } = held.key;
    if (shares.has(epoch))
      throw new Refusal("bad-configuration", `${each.share} is a second share of epoch ${epoch}`);
    shares.set(epoch, held);
  }
  return shares;
}

async function loadShare(networkId: Uint8Array, paths: SharePaths): Promise<HeldShare> {
  const transcript = decodeTranscript(new Uint8Array(await readGivenFile(paths.transcript)));
  const key = await checkTranscript(networkId, transcript, new NodeVerifier());
  const own = await loadKeyFile(paths.share, "P-256");
  const publicShare = toHex(own.publicKey);
  const holder = key.holders.find((each) => toHex(each.publicShare) === publicShare);
  if (holder === undefined)
    throw new Refusal(
      "bad-configuration",
      `${paths.share} is no share of the key in ${paths.transcript}`,
    );
  return {
    key,
    share: { holder: holder.number, scalar: own.reveal() },
    transcript: transcriptHash(transcript),
  };
}
