/** The kit's program: runs, signs, verifies, lists, and says what is wrong with what it was given. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { conformance } from "../../../device/conformance/program.ts";
import { root } from "../../support/imports.ts";
import { refused } from "../support/refused.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { cases } from "./support/cases.ts";

const software = [process.execPath, join(root, "device/adapter/software-purse.ts")];

describe("the kit's program", () => {
  const folders = temporaryFolders();

  async function run(...args: readonly string[]) {
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    const passes = await conformance(args, join(root, "test/vectors"), say);
    return { passes, text: lines.join("\n") };
  }

  it("writes a signed report of what it ran, which a run of some cases does not pass by", async () => {
    const folder = await folders();
    const [out, key] = [join(folder, "report.json"), join(folder, "lab.json")];
    const only = ["--only", "pays,takes", "--seed", "a seed"];
    const purse = ["--", ...software, join(folder, "purse")];
    const told = await run("run", ...only, "--out", out, "--key", key, ...purse);
    expect(told.passes).to.equal(false);
    expect(told.text).to.include("2 hold, 0 fail, 0 not tried. It does not pass.");
    const { report, publicKey } = JSON.parse(await readFile(out, "utf8"));
    expect(report).to.deep.include({
      implementation: { name: "Tallystick purse", version: "0.1.0", class: "software" },
      seed: "a seed",
    });
    expect(report.cases.map(({ name }: { name: string }) => name)).to.deep.equal(["pays", "takes"]);
    const verified = await run("verify", out, "--key", publicKey);
    expect(verified.passes).to.equal(false);
    expect(verified.text).to.include(`Signed by ${publicKey}.`);
    await refused("bad-signature", run("verify", out, "--key", publicKey.replace("0x0", "0x1")));
  });

  it("lists every case with the rules that it proves, and says what there is when it is asked nothing", async () => {
    const { text } = await run("list");
    expect(text.split("\n")).to.have.length(cases.length);
    expect(text).to.include("cut-when-paying [D22, D3, D4]");
    expect((await run()).text).to.include("run [options] -- PROGRAM");
    expect((await run("walk")).passes).to.equal(false);
  });

  it("refuses options that there are not, cases that there are not, and programs that do not answer", async () => {
    await refused("bad-configuration", run("run", "--speed", "9", "--", "true"));
    await refused("bad-configuration", run("run"));
    await refused("bad-configuration", run("verify"));
    await refused("bad-configuration", run("verify", "/nowhere/report.json"));
    await refused("not-found", run("run", "--only", "flies", "--", "true"));
    await refused("bad-configuration", run("run", "--", "true"));
  });
});
