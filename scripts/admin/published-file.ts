/** The file in which the authority publishes its lists for devices. Only the key that devices expect signs what is added. */
import { readFile } from "node:fs/promises";
import { decodePublished, type Published } from "../../gateway/published.ts";
import { equalBytes, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Signer } from "../../protocol/signature.ts";

/** What is published; nothing where there is no file yet. @throws Refusal `malformed`. */
export async function readPublished(path: string): Promise<Published> {
  try {
    return decodePublished(new Uint8Array(await readFile(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { trust: [] };
    throw error;
  }
}

/** @throws Refusal `conflict` if the newest trust list says that another key signs next. */
export function checkSigner({ trust }: Published, trustKey: Signer): void {
  const newest = trust.at(-1);
  if (newest === undefined || equalBytes(newest.nextTrustKey, trustKey.publicKey)) return;
  throw new Refusal(
    "conflict",
    `list ${newest.version} says that ${toHex(newest.nextTrustKey)} signs the next one`,
  );
}
