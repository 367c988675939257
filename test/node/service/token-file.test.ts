/** The token that opens a listener: made once, read only where nobody else can, compared whole. */
import assert from "node:assert/strict";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTokenFile, loadToken, showsToken } from "../../../node/service/token-file.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

describe("a token", () => {
  const makeFolder = temporaryFolders();
  let path: string;

  beforeEach(async () => {
    path = join(await makeFolder(), "console.token");
  });

  it("is 256 random bits that its owner alone may read, never the same twice, never over another", async () => {
    await createTokenFile(path);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const token = await loadToken(path);
    assert.equal(Buffer.from(token, "base64url").length, 32);
    await createTokenFile(`${path}2`);
    assert.notEqual(await loadToken(`${path}2`), token);
    await assert.rejects(createTokenFile(path), (error) => isRefusal(error, "conflict"));
    assert.equal(await loadToken(path), token);
  });

  it("is refused where others may read it, where it is none, and where it is not there", async () => {
    await createTokenFile(path);
    await chmod(path, 0o644);
    await assert.rejects(loadToken(path), (error) => isRefusal(error, "exposed-key"));
    await chmod(path, 0o600);
    for (const text of ["", "short", `${await readFile(path, "utf8")}more`]) {
      await writeFile(path, text);
      await assert.rejects(loadToken(path), (error) => isRefusal(error, "bad-configuration"));
    }
    await assert.rejects(loadToken(`${path}3`), (error) => isRefusal(error, "bad-configuration"));
  });

  it("is shown whole, as a bearer's, or not at all", () => {
    const token = "A".repeat(43);
    assert(showsToken(`Bearer ${token}`, token));
    for (const header of [
      undefined,
      "",
      token,
      `Basic ${token}`,
      `Bearer ${token}A`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${"B".repeat(43)}`,
      "Bearer ",
    ])
      assert(!showsToken(header, token), header);
  });
});
