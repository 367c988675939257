/** The tarball that device makers install: packed, installed into an empty folder without a network, and paid with there. */
import { execFile } from "node:child_process";
import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { build } from "esbuild";
import { PACKAGE, packDevice } from "../../scripts/pack-device.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { root } from "../support/imports.ts";
import { LocalRegistry } from "./support/local-registry.ts";

const run = promisify(execFile);
const tsc = join(root, "node_modules/.bin/tsc");

describe("the packed device SDK", () => {
  const folders = temporaryFolders();
  /** A maker's folder, with nothing in it but the package and what it depends on. */
  let folder: string;
  let installed: string;

  before(async () => {
    folder = await folders();
    const tarball = await packDevice(await folders());
    await writeFile(join(folder, "package.json"), `{ "type": "module", "private": true }\n`);
    await using registry = await LocalRegistry.start(await folders());
    await run("npm", ["install", tarball], { cwd: folder, env: registry.environment });
    installed = join(folder, "node_modules", PACKAGE);
    await cp(join(root, "test/scripts/packed"), folder, { recursive: true });
  });

  it("installs into an empty folder with the packages it uses, pinned, and nothing else", async () => {
    const { dependencies } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    const used = ["@hpke/core", "@noble/curves", "@noble/hashes", "qr"];
    expect(dependencies).to.have.all.keys(used);
    for (const version of Object.values(dependencies)) expect(version).to.match(/^\d+\.\d+\.\d+$/);
    const names = await readdir(join(folder, "node_modules"));
    const families = ["@hpke", "@noble", "qr", PACKAGE];
    expect(names.filter((name) => !name.startsWith("."))).to.have.members(families);
    expect(await readdir(installed)).to.include.members(["LICENSE", "README.md"]);
  });

  it("pays and is paid there, as payer and as payee [R-013, R-014, R-015, R-016]", async () => {
    await transpile("pay.ts");
    for (const node of await nodes()) {
      const { stdout } = await run(node, ["pay.js"], { cwd: folder });
      expect(stdout, node).to.equal("paid 30, left 70, got 30\n");
    }
  });

  it("keeps purse, key and messages in files on Node", async () => {
    await transpile("pay-on-node.ts");
    const { stdout } = await run(process.execPath, ["pay-on-node.js"], { cwd: folder });
    expect(stdout).to.equal("kept 30\n");
  });

  it("declares what it exports: a maker's program is checked against it, and it against itself", async () => {
    const check = ["--project", folder, "--typeRoots", join(root, "node_modules/@types")];
    await run(tsc, check, { cwd: folder });
    const wrong = `import { Purse } from "${PACKAGE}";\nPurse.open({});\n`;
    await writeFile(join(folder, "pay-on-node.ts"), wrong);
    const { stdout } = await run(tsc, check, { cwd: folder }).catch((e) => e);
    expect(stdout).to.include("pay-on-node.ts(2,12)").and.include("networkId");
  });

  it("is bundled for a browser without anything of Node's, and without what is not used", async () => {
    const output = join(folder, "bundle.mjs");
    const { metafile } = await bundle("pay.ts", output);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.some((path) => path.endsWith("protocol/sha256-portable.js"))).to.equal(true);
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    expect(imports.filter(({ path }) => path.startsWith("node:"))).to.deep.equal([]);
    const { stdout } = await run(process.execPath, [output], { cwd: folder });
    expect(stdout).to.equal("paid 30, left 70, got 30\n");
    const used = await readFile(output, "utf8");
    expect(used)
      .to.include("the change is free")
      .and.not.match(/HttpGatewayClient|FrameCollector/);
  });

  async function transpile(file: string): Promise<void> {
    await build({
      entryPoints: [join(folder, file)],
      outdir: folder,
      format: "esm",
      logLevel: "silent",
    });
  }

  function bundle(file: string, outfile: string) {
    const platform = "browser" as const;
    return build({
      stdin: { contents: `import "./${file}";`, resolveDir: folder },
      absWorkingDir: folder,
      bundle: true,
      format: "esm",
      platform,
      outfile,
      metafile: true,
      logLevel: "silent",
    });
  }
});

/** This Node, and every other that is found, if the package says that it runs there. */
async function nodes(): Promise<string[]> {
  const found = new Set([process.execPath]);
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const node = join(folder, "node");
    const version = await run(node, ["--version"]).then(
      ({ stdout }) => /^v(\d+)\.(\d+)/.exec(stdout),
      () => null,
    );
    if (version !== null && Number(version[1]) * 100 + Number(version[2]) >= 2012) found.add(node);
  }
  return [...found];
}
