/** The guide for makers of devices, done as it stands: from an empty folder to a report that passes. */
import { execFile } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { packDevice } from "../../scripts/pack-device.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { root } from "../support/imports.ts";
import { LocalRegistry } from "./support/local-registry.ts";

const run = promisify(execFile);

/** A block of the guide: a file to be written, or lines to be typed. */
type Block = { readonly language: "js" | "sh"; readonly text: string };

describe("the guide for makers of devices", function () {
  this.timeout(300_000);
  const folders = temporaryFolders();
  let registry: LocalRegistry;
  let folder: string;
  let told: Map<string, string>;

  before(async () => {
    folder = await folders();
    registry = await LocalRegistry.start(await folders());
    const tarball = await packDevice(await folders());
    await copyFile(tarball, join(folder, basename(tarball)));
    told = new Map();
    for (const block of blocksIn(await readFile(join(root, "docs/DEVICE-MAKERS.md"), "utf8"))) {
      if (block.language === "js") await write(block.text);
      else for (const line of block.text.trim().split("\n")) told.set(line, await type(line));
    }
  });

  after(() => registry[Symbol.asyncDispose]());

  it("leads from an empty folder to a payment, in two files and three lines", () => {
    expect([...told.keys()].slice(0, 3)).to.deep.equal([
      "npm init -y",
      "npm install ./tallystick-device-0.1.0.tgz",
      "node pay.mjs",
    ]);
    expect(told.get("node pay.mjs")).to.equal("anna has 70, ben has 30\n");
  });

  it("leads to a device of the maker's own that passes the kit, as payer and as payee [R-013, R-014, R-015, R-016, R-086]", async () => {
    const [report] = [...told].filter(([line]) => line.includes("conformance run"));
    expect(report![1]).to.include("My wallet 1.0, class software");
    expect(report![1]).to.match(/\n\d+ hold, 0 fail, 0 not tried\. It passes\.\n$/);
  });

  it("leads to a signed report, and its private keys are in no file but their own [R-098]", async () => {
    const verified = [...told].find(([line]) => line.includes("conformance verify"))![1];
    const { publicKey, privateKey } = JSON.parse(
      await readFile(join(folder, "lab.json"), "utf8"),
    ) as { publicKey: string; privateKey: string };
    expect(verified).to.include("It passes.").and.include(`Signed by ${publicKey}.`);
    const report = await readFile(join(folder, "report.json"), "utf8");
    expect(report).to.include(publicKey).and.not.include(privateKey.slice(2));
  });

  async function write(text: string): Promise<void> {
    const name = /^\/\/ (\S+)$/m.exec(text)![1]!;
    await writeFile(join(folder, name), text);
  }

  async function type(line: string): Promise<string> {
    const { stdout } = await run("sh", ["-c", line], { cwd: folder, env: registry.environment });
    return stdout;
  }
});

/** Those of the section that says that it can be done in an hour, in their order. */
function blocksIn(guide: string): Block[] {
  const section = /\n## In an hour\n(.*?)\n## /s.exec(guide)![1]!;
  return [...section.matchAll(/```(js|sh)\n(.*?)```/gs)].map(([, language, text]) => ({
    language: language as Block["language"],
    text: text!,
  }));
}
