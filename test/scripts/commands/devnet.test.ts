/** `tallystick devnet` and `npm run bench`: what they are told and cannot use is refused before anything is made. */
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { InvalidArgumentError } from "commander";
import { wholeBetween } from "../../../scripts/arguments.ts";
import { devnetPaths } from "../../../scripts/devnet/blueprint.ts";
import { Devnet } from "../../../scripts/devnet/network.ts";
import { root } from "../../support/imports.ts";
import { quiet } from "../../support/network.ts";
import { startChild } from "../../node/service/child.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { tallystick } from "./support/tallystick.ts";

describe("tallystick devnet", () => {
  const makeFolder = temporaryFolders();

  it("refuses a cycle that is no number of seconds, and makes nothing", async () => {
    const folder = await makeFolder();
    const args = ["devnet", "--folder", join(folder, "net"), "--cycle", "abc"];
    const { code, stderr } = await tallystick(args);
    expect(code).to.equal(1);
    expect(stderr).to.include("option '--cycle <seconds>' argument 'abc' is invalid");
    expect(stderr).to.include("It takes a whole number from 1 to 86400.");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("takes whole numbers within bounds where it asks for one", () => {
    const parse = wholeBetween(1, 86_400);
    for (const [text, number] of [
      ["1", 1],
      ["86400", 86_400],
    ] as const) {
      expect(parse(text)).to.equal(number);
    }
    for (const text of ["", "0", "-5", "1e3", "2.5", " 7", "0x10", "86401", "9".repeat(400)])
      expect(() => parse(text), text).to.throw(InvalidArgumentError);
  });

  it("draws keys and passwords that their owner alone may read, and certificates by one authority of its own [R-116, R-157]", async () => {
    const folder = await makeFolder();
    const drawn = await Devnet.open({ folder, cycleMs: 1_000, logger: quiet });
    await drawn.stop();
    const all = await readdir(folder, { recursive: true });
    const secrets = all.filter((name) => /\/keys\/.+\.|\/password$/.test(name));
    const pems = ["member1", "member2", "shop"].map((owner) => `${owner}/keys/`);
    for (const place of [...pems, "authority/keys/", "customer/"])
      expect(secrets.some((name) => name.startsWith(place))).to.equal(true);
    for (const name of secrets)
      expect((await stat(join(folder, name))).mode & 0o777, name).to.equal(0o600);
    const read = async (name: string) =>
      new X509Certificate(await readFile(join(folder, name), "utf8"));
    const authority = await read("authority/merchants.pem");
    for (const name of ["member1/merchants.pem", "member2/merchants.pem", "shop/shop.pem"]) {
      const certificate = await read(name);
      expect(certificate.verify(authority.publicKey), name).to.equal(true);
      expect(certificate.checkIP("127.0.0.1")).to.equal("127.0.0.1");
      expect(certificate.ca).to.equal(false);
      expect(certificate.validToDate.getTime()).to.be.above(Date.now() + 5 * 365 * 86_400_000);
    }
  });

  it("refuses a folder whose devnet.json is damaged, or of other software, and says how to begin anew", async () => {
    const folder = await makeFolder();
    const options = { folder, cycleMs: 1_000, logger: quiet };
    const drawn = await Devnet.open(options);
    const { format, chainId, ports } = drawn.blueprint;
    expect(drawn.isNew).to.equal(true);
    await drawn.stop();
    const { blueprint } = devnetPaths(folder);
    for (const [text, says] of [
      [`{ "format": ${format}, "chainId"`, "devnet.json"],
      [JSON.stringify({ format: format + 1, chainId, ports }), "devnet.json.format"],
      [JSON.stringify({ format: format - 1, chainId, ports }), "devnet.json.format"],
      [JSON.stringify({ format, chainId, ports: { ...ports, api: [1] } }), "ports.api"],
    ] as const) {
      await writeFile(blueprint, text);
      const { code, stderr } = await tallystick(["devnet", "--folder", folder]);
      expect(code).to.equal(1);
      expect(stderr).to.include("wrong-folder: ").and.include(says).and.include("--fresh");
    }
    await writeFile(blueprint, JSON.stringify({ format, chainId, ports }));
    const again = await Devnet.open(options);
    expect(again.isNew).to.equal(false);
    await again.stop();
  });
});

describe("tallystick devnet --fresh", () => {
  const makeFolder = temporaryFolders();

  it("begins another network, where a plain start goes on with the one that is there; Ctrl-C ends each in the middle of its start", async () => {
    const folder = await makeFolder();
    const first = await networkIdOf(folder);
    expect(await networkIdOf(folder)).to.equal(first);
    expect(await networkIdOf(folder, "--fresh"))
      .to.match(/^0x[0-9a-f]{64}$/)
      .and.not.equal(first);
  });

  it("never clears a folder that is not a devnet's", async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, "thesis.txt"), "my thesis");
    const { code, stderr } = await tallystick(["devnet", "--fresh", "--folder", folder]);
    expect(code).to.equal(1);
    expect(stderr).to.include("wrong-folder: ").and.include("thesis.txt");
    expect(await readdir(folder)).to.deep.equal(["thesis.txt"]);
  });
});

/** Starts a devnet until it has its network, and interrupts it then. */
async function networkIdOf(folder: string, ...more: readonly string[]): Promise<string> {
  const args = ["devnet", "--folder", folder, ...more];
  const child = startChild("../../../scripts/tallystick.ts", args);
  const line = await child.line("network ");
  child.process.kill("SIGINT");
  const { code, stdout, stderr } = await child.ended;
  expect(stderr).to.equal("");
  expect(code).to.equal(0);
  expect(stdout).to.match(/Stopped\. Start again to go on where it was\.\n$/);
  expect(stdout).not.to.include("The network is up");
  return line.split(/ +/)[1]!;
}

describe("npm run bench", () => {
  it("refuses a number of runs that is none, before it measures anything", () => {
    const bench = join(root, "scripts/bench/bench.ts");
    const run = spawnSync(process.execPath, [bench, "--runs", "abc"], { encoding: "utf8" });
    expect(run.status).to.equal(1);
    expect(run.stdout).to.equal("");
    expect(run.stderr).to.include("option '--runs <number>' argument 'abc' is invalid");
  });
});
