/** A device key in a file. */
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { openDeviceKey } from "../../device/node-keys.ts";
import { toHex } from "../../protocol/bytes.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { refused } from "./support/refused.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { randomOf } from "./support/world.ts";

describe("a device key in a file", () => {
  const folders = temporaryFolders();
  let path: string;

  beforeEach(async () => {
    path = join(await folders(), "device.key");
  });

  it("is made once, and is the same ever after", async () => {
    const made = await openDeviceKey(path, randomOf("a device"));
    const again = await openDeviceKey(path, randomOf("another device"));
    expect(again.publicKey).to.deep.equal(made.publicKey);
    const message = Uint8Array.of(1, 2, 3);
    expect(portableVerifier.verify(made.publicKey, message, await again.sign(message))).to.equal(
      true,
    );
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(path, ".."))).to.deep.equal(["device.key"]);
  });

  it("is refused when others may read it", async () => {
    await openDeviceKey(path, randomOf("a device"));
    await chmod(path, 0o640);
    await refused("exposed-key", openDeviceKey(path, randomOf("a device")));
  });

  it("is refused when it is no key, without a word of what is in it", async () => {
    const key = await openDeviceKey(path, randomOf("a device"));
    const text = await readFile(path, "utf8");
    const { privateKey } = JSON.parse(text) as { privateKey: string };
    const others = [
      "",
      "{",
      privateKey,
      "null",
      text.replace(toHex(key.publicKey), `0x02${"11".repeat(32)}`),
      text.replace("P-256", "secp256k1"),
      text.replace(privateKey, `0x${"00".repeat(32)}`),
    ];
    for (const other of others) {
      await writeFile(path, other);
      const refusal = await refused("bad-configuration", openDeviceKey(path, randomOf("a device")));
      expect(refusal.message).to.not.include(privateKey.slice(2, 20));
    }
  });
});
