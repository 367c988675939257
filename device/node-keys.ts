/**
 * A device key in a file that its owner alone may read: what a purse signs with where there is no secure
 * element. Whoever copies it can pay with the purse's coins, which is why the purse says that it is
 * software. Node only.
 */
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { p256 } from "@noble/curves/nist.js";
import { fromHex, toHex } from "../protocol/bytes.ts";
import { NodeSigner } from "../protocol/p256-node.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";

/** Read, write and execute for group and others. */
const OTHERS = 0o077;

/**
 * Opens the key at `path`, or makes one where there is none.
 * @throws Refusal `exposed-key` if others may read it; `bad-configuration` if it is no key file.
 */
export async function openDeviceKey(path: string, random: Random): Promise<NodeSigner> {
  try {
    return await readKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await createKey(path, p256.utils.randomSecretKey(random(48)));
  return readKey(path);
}

/** Looks at the mode of the very file that it reads. */
async function readKey(path: string): Promise<NodeSigner> {
  await using file = await open(path, "r");
  const { mode } = await file.stat();
  if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
    throw new Refusal("exposed-key", `${path} has mode ${(mode & 0o777).toString(8)}`);
  }
  return parse(path, await file.readFile("utf8"));
}

/** Written whole under another name first; never over a key that is there. */
async function createKey(path: string, scalar: Uint8Array): Promise<void> {
  const { publicKey } = NodeSigner.fromScalar(scalar);
  const content = { kind: "P-256", publicKey: toHex(publicKey), privateKey: toHex(scalar) };
  const draft = `${path}.${process.pid}.draft`;
  try {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
    await file.sync();
    await link(draft, path);
    await using folder = await open(dirname(path), "r");
    await folder.sync();
  } finally {
    await rm(draft, { force: true });
  }
}

/** What is wrong is said without quoting the file: it may be a key after all. */
function parse(path: string, text: string): NodeSigner {
  try {
    const { kind, publicKey, privateKey } = JSON.parse(text) as Record<string, unknown>;
    const signer = NodeSigner.fromScalar(fromHex(String(privateKey), 32));
    if (kind === "P-256" && toHex(signer.publicKey) === publicKey) return signer;
  } catch {
    // Falls through: whatever the parser says may quote the key.
  }
  throw new Refusal("bad-configuration", `${path} is no file of a P-256 key`);
}
