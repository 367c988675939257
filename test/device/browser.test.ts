/** What runs in browsers: the purse, and all that a wallet needs beside it. */
import { join } from "node:path";
import { expect } from "chai";
import { build } from "esbuild";

const device = join(import.meta.dirname, "../../device");

/** The modules of Node's that a file and all it imports ask for. */
async function nodeImports(file: string): Promise<string[]> {
  const asked: string[] = [];
  const bundle = await build({
    entryPoints: [join(device, file)],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    logLevel: "silent",
    plugins: [
      {
        name: "node-imports",
        setup: (plugin) => {
          plugin.onResolve({ filter: /^node:/ }, ({ path }) => {
            asked.push(path);
            return { path, external: true };
          });
        },
      },
    ],
  });
  expect(bundle.outputFiles[0]!.text.length).to.be.above(0);
  return [...new Set(asked)].sort();
}

describe("a wallet in a browser", () => {
  for (const file of [
    "purse.ts",
    "purse-store.ts",
    "sync.ts",
    "account.ts",
    "exchange.ts",
    "transport.ts",
    "nfc/card-application.ts",
    "nfc/card-client.ts",
    "nfc/card-transport.ts",
    "qr/frames.ts",
    "qr/frame-collector.ts",
    "qr/qr-code.ts",
  ]) {
    it(`has ${file} without anything of Node's`, async () => {
      expect(await nodeImports(file)).to.deep.equal([]);
    });
  }

  it("would be caught with anything of Node's", async () => {
    expect(await nodeImports("file-store.ts")).to.include("node:fs/promises");
  });
});
