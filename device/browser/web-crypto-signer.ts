/**
 * A device key that the browser keeps: WebCrypto signs with it and gives it to nobody, this code included.
 * It is stored beside the purse's rows, as a handle. Whatever runs in the page may have it sign, which is
 * why a browser is of class `host`.
 */
import { p256 } from "@noble/curves/nist.js";
import { normaliseSignature, type Signer } from "../../protocol/signature.ts";
import { finished, KEYS, openDatabase, resultOf } from "./database.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DEVICE_KEY = "device";

export class WebCryptoSigner implements Signer {
  readonly publicKey: Uint8Array;
  readonly #privateKey: CryptoKey;

  private constructor(publicKey: Uint8Array, privateKey: CryptoKey) {
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  /** Opens the device key of a purse's database, or makes one where there is none. */
  static async open(name: string): Promise<WebCryptoSigner> {
    const database = await openDatabase(name);
    try {
      const { publicKey, privateKey } = (await read(database)) ?? (await create(database));
      const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
      return new WebCryptoSigner(p256.Point.fromBytes(raw).toBytes(true), privateKey);
    } finally {
      database.close();
    }
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const bytes = Uint8Array.from(message);
    const signature = await crypto.subtle.sign(ALGORITHM, this.#privateKey, bytes);
    return normaliseSignature(new Uint8Array(signature));
  }
}

async function read(database: IDBDatabase): Promise<CryptoKeyPair | undefined> {
  const keys = database.transaction(KEYS).objectStore(KEYS);
  return resultOf<CryptoKeyPair | undefined>(keys.get(DEVICE_KEY));
}

/** @throws Error if another page made one meanwhile: a key is never replaced. */
async function create(database: IDBDatabase): Promise<CryptoKeyPair> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const transaction = database.transaction(KEYS, "readwrite", { durability: "strict" });
  const done = finished(transaction);
  transaction.objectStore(KEYS).add(pair, DEVICE_KEY);
  await done;
  return pair;
}
