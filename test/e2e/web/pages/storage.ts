/** A page that runs the suite of purse stores against IndexedDB, and does what its test asks of the device key. */
import { IndexedDbPurseStore } from "../../../../device/browser/indexed-db-store.ts";
import { WebCryptoSigner } from "../../../../device/browser/web-crypto-signer.ts";
import { KEYS, openDatabase, resultOf } from "../../../../device/browser/database.ts";
import { Purse } from "../../../../device/purse.ts";
import { type Hex, toHex, utf8 } from "../../../../protocol/bytes.ts";
import { systemRandom } from "../../../../protocol/random.ts";
import { isRefusal } from "../../../../protocol/refusal.ts";
import { portableVerifier } from "../../../../protocol/signature.ts";
import { testPurseStore } from "../../../device/support/purse-store.suite.ts";
import { collectTests } from "./collect.ts";

let made = 0;
let name = "";
let acknowledged = 0;

const tests = collectTests(() =>
  testPurseStore(
    "IndexedDB",
    () => IndexedDbPurseStore.open((name = `store ${made++}`)),
    async (store) => {
      await store.close();
      return IndexedDbPurseStore.open(name);
    },
  ),
);

/** What the test calls by name. Whatever is refused comes back as the refusal's code. */
const actions = {
  runTest: (title: string) => tests.find((test) => test.title === title)!.run(),
  publicKey: async (database: string) => toHex((await WebCryptoSigner.open(database)).publicKey),
  async sign(database: string, message: string, count: number): Promise<Hex[]> {
    const signer = await WebCryptoSigner.open(database);
    const signatures: Hex[] = [];
    for (let i = 0; i < count; i++) signatures.push(toHex(await signer.sign(utf8.encode(message))));
    return signatures;
  },
  /** What the browser says to a script that would read the private key. */
  async exportKey(database: string): Promise<string> {
    const keys = (await openDatabase(database)).transaction(KEYS).objectStore(KEYS);
    const { privateKey } = (await resultOf(keys.get("device"))) as CryptoKeyPair;
    return crypto.subtle.exportKey("pkcs8", privateKey).then(
      () => "exported",
      (error: DOMException) => error.name,
    );
  },
  /** Writes two rows at a time, until the page is gone. */
  async keepWriting(database: string): Promise<void> {
    const store = await IndexedDbPurseStore.open(database);
    const rows = ["one", "two"].map((key) => ({ key, value: new Uint8Array(4) }));
    void (async () => {
      for (let count = 1; ; count++) {
        for (const { value } of rows) new DataView(value.buffer).setUint32(0, count);
        await store.write(rows);
        acknowledged = count;
      }
    })();
  },
  acknowledged: async () => acknowledged,
  async written(database: string): Promise<number[]> {
    const store = await IndexedDbPurseStore.open(database);
    const rows = [...(await store.rows()).values()];
    return rows.map((value) => new DataView(value.buffer).getUint32(0));
  },
  /** Opens the purse of one database with the key of another, and keeps it open. */
  async openPurse(rows: string, key: string): Promise<string> {
    try {
      await Purse.open({
        networkId: `0x${"11".repeat(32)}`,
        member: 1,
        class: "host",
        store: await IndexedDbPurseStore.open(rows),
        signer: await WebCryptoSigner.open(key),
        verifier: portableVerifier,
        random: systemRandom,
        clock: Date.now,
        trustKey: (await WebCryptoSigner.open("the authority")).publicKey,
        receiptLifeMs: 1,
      });
      return "open";
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return error.code;
    }
  },
};

Object.assign(globalThis, { actions });
