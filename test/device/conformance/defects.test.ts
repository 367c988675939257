/**
 * The kit is worth something if it finds what is wrong: purses with one mistake each, and for each exactly
 * the cases that it fails. Where a mistake makes no difference to anything that a case has the purse do, the
 * case is that of the whole purse, and is not run again.
 */
import { expect } from "chai";
import { Adapter } from "../../../device/adapter/adapter.ts";
import { purseBench } from "../../../device/adapter/benches.ts";
import { KIT_PROTOCOL, KIT_VERSION } from "../../../device/conformance/command.ts";
import { ProcessChannel } from "../../../device/conformance/process-channel.ts";
import { outcomeOf, type Report } from "../../../device/conformance/report.ts";
import { linesOf } from "../../../device/conformance/report-text.ts";
import { type CaseResult, runCases } from "../../../device/conformance/run.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { cases } from "./support/cases.ts";
import {
  buildDefective,
  buildDefectiveProgram,
  type DefectiveAdapter,
} from "./support/defective.ts";
import { defects, secondOpener } from "./support/defects.ts";
import { type MakeAdapter, MemoryChannel } from "./support/memory-bench.ts";
import { RememberingSeed, rememberingVerifier } from "./support/remembering.ts";
import { unfitParts } from "./support/unfit-parts.ts";

describe("a purse with a mistake in it", () => {
  const folders = temporaryFolders();
  const seed = new RememberingSeed("defects");
  const verifier = rememberingVerifier(new NodeVerifier());
  const options = { seed, verifier, clock: () => performance.now() };
  let adapter: DefectiveAdapter;
  let channel: MemoryChannel;
  /** By defect, the cases in which it would have made a difference. */
  const touched = new Map(defects.map(({ name }) => [name, new Set<string>()]));

  before(async () => {
    adapter = await buildDefective(defects, await folders());
    channel = new MemoryChannel(adapter.makeAdapter, seed, verifier);
    for (const each of cases) {
      adapter.watch((defect) => touched.get(defect)!.add(each.name));
      const [result] = await runCases(channel, [each], options);
      expect(result!.why, each.name).to.be.oneOf(["", "there is one way to the device"]);
    }
  });

  it("is one of more than twenty, each with a name of its own", () => {
    const names = [...defects, ...unfitParts].map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length).and.be.above(20);
  });

  for (const { name, found } of defects) {
    it(`${name}, and fails ${found.join(", ")}`, async () => {
      adapter.choose(name);
      const chosen = cases.filter((each) => touched.get(name)!.has(each.name));
      expectFound(await runCases(channel, chosen, options), found);
    });
  }

  for (const { name, fit, found } of unfitParts) {
    it(`${name}, and fails ${found.join(", ")}`, async () => {
      const device = new MemoryChannel(makeWhole, seed, verifier, fit);
      expectFound(await runCases(device, cases, options), found);
    });
  }

  it("lets two programs have it open, and fails in-one-place", async () => {
    const program = await buildDefectiveProgram(secondOpener, await folders());
    const device = new ProcessChannel([...program, await folders()]);
    try {
      const chosen = cases.filter(({ name }) => secondOpener.found.includes(name));
      expectFound(await runCases(device, chosen, options), secondOpener.found);
    } finally {
      await device.close();
    }
  });
});

const makeWhole: MakeAdapter = (bench, cutPower) => new Adapter(purseBench(bench, cutPower));

/** Whether these cases fail and no others do, and the report says which and why. */
function expectFound(results: readonly CaseResult[], found: readonly string[]): void {
  const failed = results.filter(({ verdict }) => verdict === "fails");
  expect(failed.map(({ name }) => name)).to.have.members(found);
  const report: Report = {
    kit: { version: KIT_VERSION, protocol: KIT_PROTOCOL },
    implementation: { name: "a purse with a mistake in it", version: "1", class: "software" },
    seed: "defects",
    begun: "",
    ended: "",
    cases: results,
  };
  const outcome = outcomeOf(report, cases);
  expect(outcome.passes).to.equal(false);
  const text = linesOf(report, outcome).join("\n");
  for (const { name, why } of failed) {
    expect(why).to.not.equal("");
    expect(text).to.include(`FAILS ${name}: `).and.include(why.split("\n")[0]);
  }
}
