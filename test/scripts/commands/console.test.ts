/** `tallystick console`: a token, and the link that carries it. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { said, tallystick } from "./support/tallystick.ts";

describe("tallystick console", () => {
  const makeFolder = temporaryFolders();

  it("makes a token once, and links to the console that node.yaml names", async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, "keys"));
    const token = join(folder, "keys", "console.token");
    await said(["console", "token", token]);
    const again = await tallystick(["console", "token", token]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^conflict: /);
    const config = join(folder, "node.yaml");
    const text = "network: network.json\ndata: data\nkeys: { peer: peer.json }\n";
    await writeFile(config, `${text}console: { port: 7111, token: keys/console.token }\n`);
    const link = await said(["console", "link", "--config", config]);
    const secret = (await readFile(token, "utf8")).trim();
    assert.equal(link, `http://127.0.0.1:7111/#token=${secret}\n`);
    await writeFile(config, text);
    const none = await tallystick(["console", "link", "--config", config]);
    assert.match(none.stderr, /names no console/);
  });
});
