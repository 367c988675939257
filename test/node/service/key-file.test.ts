import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import { format, inspect } from "node:util";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { createKeyFile, loadKeyFile } from "../../../node/service/key-file.ts";
import { type KeyKind, keyKinds, StoredKey } from "../../../node/service/stored-key.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { isCanonicalSignature, portableVerifier } from "../../../protocol/signature.ts";
import { recoverValidator, validatorAddress } from "../../../protocol/typed-data.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const message = utf8.encode("a message to be signed");

describe("StoredKey", () => {
  it("signs P-256 with low s, as both verifiers take it", async () => {
    const key = StoredKey.generate("P-256");
    for (let i = 0; i < 40; i++) {
      const bytes = Uint8Array.of(...message, i);
      const signature = await key.sign(bytes);
      expect(isCanonicalSignature(signature)).to.equal(true);
      expect(new NodeVerifier().verify(key.publicKey, bytes, signature)).to.equal(true);
    }
    expect(portableVerifier.verify(key.publicKey, message, await key.sign(message))).to.equal(true);
  });

  it("signs a digest with secp256k1 so that its address is recovered", async () => {
    const key = StoredKey.generate("secp256k1");
    const digest = new Uint8Array(32).fill(7);
    expect(recoverValidator(digest, await key.sign(digest))).to.equal(
      validatorAddress(key.reveal()),
    );
    expect(key.publicKey.length).to.equal(33);
  });

  it("signs with Ed25519 as RFC 8032 has it", async () => {
    // Test 2 of section 7.1.
    const seed = Buffer.from(
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "hex",
    );
    const key = new StoredKey("Ed25519", seed);
    expect(toHex(key.publicKey)).to.equal(
      "0x3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    );
    expect(toHex(await key.sign(Uint8Array.of(0x72)))).to.equal(
      "0x92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    expect(ed25519.verify(await key.sign(message), message, key.publicKey)).to.equal(true);
    const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(key.publicKey).toString("base64url") };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    expect(verify(null, message, publicKey, await key.sign(message))).to.equal(true);
  });

  for (const kind of keyKinds) {
    it(`of kind ${kind} shows itself to nobody who prints it, logs it or makes JSON of it`, () => {
      const secret = new Uint8Array(32).fill(0x5a);
      const key = new StoredKey(kind, secret);
      const lines: string[] = [];
      const logger = makeLogger({ name: "x", stream: { write: (line) => lines.push(line) } });
      logger.info({ key, deep: { key } });
      logger.info(key);
      const shown = [
        ...lines,
        JSON.stringify({ key }),
        inspect(key, { depth: 9, showHidden: true }),
        inspect({ key }, { showProxy: true }),
        format("%s %o %O %j", key, key, key, key),
        Object.values(key).join(),
      ].join("\n");
      expect(shown).to.contain(toHex(key.publicKey));
      for (const form of ["5a5a", "WlpaWlpa", "90,90", "90, 90"])
        expect(shown).to.not.contain(form);
    });

    it(`of kind ${kind} comes from the randomness it is given, and keeps a copy of its own`, () => {
      const secret = new Uint8Array(32).fill(3);
      const key = StoredKey.generate(kind, () => secret);
      secret.fill(9);
      key.reveal().fill(9);
      expect(key.reveal()).to.deep.equal(new Uint8Array(32).fill(3));
      expect(new StoredKey(kind, key.reveal()).publicKey).to.deep.equal(key.publicKey);
    });
  }

  it("takes no bytes that are no private key, and draws again where randomness gives such", () => {
    for (const [kind, bytes] of [
      ["P-256", new Uint8Array(32)],
      ["P-256", new Uint8Array(32).fill(0xff)],
      ["secp256k1", new Uint8Array(32).fill(0xff)],
      ["P-256", new Uint8Array(31).fill(1)],
      ["Ed25519", new Uint8Array(33)],
    ] as const) {
      expect(() => new StoredKey(kind, bytes)).to.throw(RangeError, "no private key");
    }
    const draws = [new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(1)];
    expect(StoredKey.generate("P-256", () => draws.shift()!).reveal()[0]).to.equal(1);
  });
});

describe("key file", () => {
  const temporaryFolder = temporaryFolders();
  const newPath = async () => join(await temporaryFolder(), "issuer.key.json");

  async function expectRefused(
    path: string,
    kind: KeyKind,
    code: RefusalCode,
    what: RegExp,
  ): Promise<void> {
    const error = await loadKeyFile(path, kind).catch((thrown: unknown) => thrown);
    expect(isRefusal(error, code), String(error)).to.equal(true);
    expect((error as Error).message).to.match(what);
    expect((error as Error).message).to.contain(path);
  }

  for (const kind of keyKinds) {
    it(`of kind ${kind} is written for its owner alone, and loaded as the same key`, async () => {
      const path = await newPath();
      const key = StoredKey.generate(kind);
      await createKeyFile(path, key);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const loaded = await loadKeyFile(path, kind);
      expect(loaded.reveal()).to.deep.equal(key.reveal());
      expect(JSON.parse(await readFile(path, "utf8"))).to.deep.equal({
        kind,
        publicKey: toHex(key.publicKey),
        privateKey: toHex(key.reveal()),
      });
      expect(await readdir(join(path, ".."))).to.deep.equal(["issuer.key.json"]);
    });
  }

  it("is never written over", async () => {
    const path = await newPath();
    await createKeyFile(path, StoredKey.generate("P-256"));
    const before = await readFile(path);
    const error = await createKeyFile(path, StoredKey.generate("P-256")).catch(
      (thrown: unknown) => thrown,
    );
    expect(isRefusal(error, "conflict")).to.equal(true);
    expect(await readFile(path)).to.deep.equal(before);
    expect(await readdir(join(path, ".."))).to.deep.equal(["issuer.key.json"]);
  });

  it("is refused if others may read, write or run it, and taken once they may not", async () => {
    const path = await newPath();
    await createKeyFile(path, StoredKey.generate("P-256"));
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o777]) {
      await chmod(path, mode);
      await expectRefused(path, "P-256", "exposed-key", new RegExp(`mode ${mode.toString(8)}`));
    }
    for (const mode of [0o600, 0o400]) {
      await chmod(path, mode);
      await loadKeyFile(path, "P-256");
    }
  });

  it("is refused with the reason, and without the key, if anything in it is wrong", async () => {
    const path = await newPath();
    const key = StoredKey.generate("P-256");
    const good = { ...key.toJSON(), privateKey: toHex(key.reveal()) };
    const other = toHex(StoredKey.generate("P-256").publicKey);
    for (const [content, what] of [
      ["", /not JSON/],
      [`${JSON.stringify(good)}x`, /not JSON/],
      [JSON.stringify([good]), /must be object/],
      [JSON.stringify({ ...good, kind: "RSA" }), /kind must be one of P-256, secp256k1, Ed25519/],
      [JSON.stringify({ ...good, privateKey: undefined }), /privateKey is missing/],
      [
        JSON.stringify({ ...good, privateKey: good.privateKey.slice(0, -2) }),
        /privateKey must match/,
      ],
      [
        JSON.stringify({ ...good, privateKey: `0x${"0".repeat(64)}` }),
        /no private key of kind P-256/,
      ],
      [JSON.stringify({ ...good, publicKey: other }), /public key that is not of its private key/],
      [JSON.stringify({ ...good, comment: "mine" }), /"comment" is not known/],
      [JSON.stringify(good) + " ".repeat(5000), /too long/],
    ] as const) {
      await writeFile(path, content, { mode: 0o600 });
      await expectRefused(path, "P-256", "bad-configuration", what);
      const error = await loadKeyFile(path, "P-256").catch((thrown: unknown) => thrown);
      expect(inspect(error)).to.not.contain(good.privateKey.slice(2, 20));
    }
    await writeFile(path, JSON.stringify(good), { mode: 0o600 });
    await expectRefused(path, "secp256k1", "bad-configuration", /of kind P-256, not secp256k1/);
  });

  it("is refused by name where there is none", async () => {
    const path = await newPath();
    await expectRefused(path, "P-256", "bad-configuration", /cannot be read \(ENOENT\)/);
    await mkdir(path, { mode: 0o700 });
    await expectRefused(path, "P-256", "bad-configuration", /cannot be read \(EISDIR\)/);
  });
});
