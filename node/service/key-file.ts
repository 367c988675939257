/**
 * Private keys in files: JSON that its owner alone may read, written whole or not at all, and never
 * over another key.
 */
import { type Static, Type } from "typebox";
import { equalBytes, fromHex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { createFile } from "./durable-file.ts";
import { readPrivateText } from "./given-file.ts";
import { compileSchema, problemText } from "./schema-check.ts";
import { type KeyKind, keyKinds, StoredKey } from "./stored-key.ts";

const KeyFile = Type.Object(
  {
    kind: Type.Enum([...keyKinds]),
    publicKey: Type.String({ pattern: "^0x([0-9a-f]{64}|[0-9a-f]{66})$" }),
    privateKey: Type.String({ pattern: "^0x[0-9a-f]{64}$" }),
  },
  { additionalProperties: false },
);
const problemsOf = compileSchema(KeyFile);

/** A key file has some 200 bytes: what is longer is something else. */
const SIZE_MAX = 4096;
/** @throws Refusal `conflict` if there is anything at `path`. */
export async function createKeyFile(path: string, key: StoredKey): Promise<void> {
  const content: Static<typeof KeyFile> = { ...key.toJSON(), privateKey: toHex(key.reveal()) };
  try {
    await createFile(path, `${JSON.stringify(content, undefined, 2)}\n`, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Refusal("conflict", `${path} exists, and a key file is never written over`);
  }
}

/**
 * @param kind what is expected; any, if it is not given.
 * @throws Refusal `exposed-key` if others may read it; `bad-configuration` if it is not there, is no
 * key file, holds a key of another kind, or its two halves are not of one key.
 */
export async function loadKeyFile(path: string, kind?: KeyKind): Promise<StoredKey> {
  const bad = (what: string) => new Refusal("bad-configuration", `${path} ${what}`);
  const content = parse(await readPrivateText(path, SIZE_MAX), bad);
  if (kind !== undefined && content.kind !== kind)
    throw bad(`holds a key of kind ${content.kind}, not ${kind}`);
  const key = storedKey(content.kind, fromHex(content.privateKey), bad);
  if (!equalBytes(key.publicKey, fromHex(content.publicKey))) {
    throw bad("has a public key that is not of its private key");
  }
  return key;
}

type Bad = (what: string) => Refusal;

function parse(text: string, bad: Bad): Static<typeof KeyFile> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // What the parser says may quote the key.
    throw bad("is no key file: it is not JSON");
  }
  const [problem] = problemsOf(content);
  if (problem !== undefined) throw bad(`is no key file: ${problemText(problem)}`);
  return content as Static<typeof KeyFile>;
}

function storedKey(kind: KeyKind, secret: Uint8Array, bad: Bad): StoredKey {
  try {
    return new StoredKey(kind, secret);
  } catch (error) {
    if (error instanceof RangeError) throw bad(`holds no private key of kind ${kind}`);
    throw error;
  }
}
