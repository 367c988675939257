/** An implementation as a process: its answers, its power, and what the kit says of one that gives no answer. */
import { join } from "node:path";
import { expect } from "chai";
import { ProcessChannel } from "../../../device/conformance/process-channel.ts";
import { runCases } from "../../../device/conformance/run.ts";
import { Seed } from "../../../device/conformance/seed.ts";
import { BrokenOff } from "../../../device/conformance/subject.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { root } from "../../support/imports.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { cases } from "./support/cases.ts";

const software = join(root, "device/adapter/software-purse.ts");
const options = {
  seed: new Seed("a process"),
  verifier: new NodeVerifier(),
  clock: () => performance.now(),
};

describe("a device as a process", () => {
  const folders = temporaryFolders();

  it("is killed at the moments of a command, and goes on where it was [R-110]", async () => {
    const folder = await folders();
    const channel = new ProcessChannel([process.execPath, software, join(folder, "purse")]);
    const tried = ["pays", "cut-when-confirmed", "time-never-back", "in-one-place"];
    try {
      const results = await runCases(
        channel,
        cases.filter(({ name }) => tried.includes(name)),
        options,
      );
      expect(results.map(({ name, verdict, why }) => [name, verdict, why])).to.have.deep.members(
        tried.map((name) => [name, "holds", ""]),
      );
    } finally {
      await channel.close();
    }
  });

  const answering = (script: string) =>
    `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => { ${script} });`;

  for (const [what, script, said, timeoutMs] of [
    [
      "ends",
      `console.error("no purse here"); process.exit(3);`,
      /the program ended.*no purse here/s,
    ],
    ["keeps silent", "", /not answered within 500 ms/, 500],
    ["prints something else", `console.log("starting…");`, /the answer to hello is none: .*JSON/],
    [
      "answers another question",
      `console.log(JSON.stringify({ id: 99, answer: {} }));`,
      /id is 99, where 1 was asked/,
    ],
    [
      "answers less than was asked",
      `console.log(JSON.stringify({ id: JSON.parse(line).id, answer: { protocol: 1 } }));`,
      /answer\.name is not a text/,
    ],
    [
      "refuses with a code of its own",
      `console.log(JSON.stringify({ id: 1, refusal: { code: "no", detail: "" } }));`,
      /refusal\.code is no code of the table: "no"/,
    ],
  ] as const) {
    it(`is named by what it does when it ${what}`, async () => {
      const command = [process.execPath, "-e", answering(script)];
      const channel = new ProcessChannel(command, timeoutMs === undefined ? {} : { timeoutMs });
      try {
        const outcome = await channel.ask("hello", {}).catch((error: unknown) => error);
        expect(outcome).to.be.instanceOf(BrokenOff);
        expect((outcome as Error).message).to.match(said);
      } finally {
        await channel.close();
      }
    });
  }

  it("that does not start fails each case and says so", async () => {
    const channel = new ProcessChannel(["/nowhere/no-such-program"]);
    const [result] = await runCases(channel, cases.slice(0, 1), options);
    expect(result).to.include({ name: "pays", verdict: "fails" });
    expect(result!.why).to.include("ENOENT");
    await channel.close();
  });
});
