/** Making a key the one to seal to: the authority, by the transcript of its ceremony. */
import { addEpoch } from "../../node/chain/calls.ts";
import { checkTranscript, transcriptHash } from "../../protocol/audit/transcript.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import type { Deed } from "../admin/deed.ts";
import type { AdminSession } from "../admin/session.ts";
import type { Authority } from "../deploy/authority.ts";
import { readTranscript } from "./ceremony-folder.ts";

/** @throws Refusal as `checkTranscript`: no key comes to the chain whose ceremony does not hold. */
export async function addEpochOf(
  session: AdminSession,
  authority: Authority,
  path: string,
): Promise<Deed> {
  const transcript = await readTranscript(path);
  const networkId = fromHex(session.network.networkId);
  const key = await checkTranscript(networkId, transcript, new NodeVerifier());
  const { epoch, threshold, holders } = key;
  const names = holders.map(({ name }) => name).join(", ");
  return {
    says: `make ${toHex(key.publicKey)} the audit key of epoch ${epoch}, which ${threshold} of ${holders.length} open: ${names}`,
    does: () =>
      authority.call(
        addEpoch({
          epoch,
          threshold,
          publicKey: toHex(key.publicKey),
          transcript: transcriptHash(transcript),
          holders: holders.map(({ account }) => account),
        }),
      ),
  };
}
