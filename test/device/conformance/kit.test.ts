/** The kit against our own purse, in this process: that it holds every rule, and that every rule is tried. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Adapter } from "../../../device/adapter/adapter.ts";
import { cardBench, purseBench } from "../../../device/adapter/benches.ts";
import { rules } from "../../../device/conformance/rules.ts";
import { runCases } from "../../../device/conformance/run.ts";
import { Seed } from "../../../device/conformance/seed.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { root } from "../../support/imports.ts";
import { cases } from "./support/cases.ts";
import { type MakeAdapter, MemoryChannel } from "./support/memory-bench.ts";

describe("the conformance kit", () => {
  const verifier = new NodeVerifier();

  function run(
    seed: string,
    isChosen: (name: string) => boolean = () => true,
    putOn: typeof purseBench = purseBench,
  ) {
    const options = { seed: new Seed(seed), verifier, clock: () => performance.now() };
    const makeAdapter: MakeAdapter = (bench, cutPower) => new Adapter(putOn(bench, cutPower));
    const device = new MemoryChannel(makeAdapter, options.seed, verifier);
    return runCases(
      device,
      cases.filter(({ name }) => isChosen(name)),
      options,
    );
  }

  for (const [what, putOn, lacks] of [
    ["this SDK's purse", purseBench, []],
    // A terminal has no commands for these.
    [
      "a card that has it, by APDUs alone, torn out at any of them",
      cardBench,
      ["D27", "D28", "D29", "D30"],
    ],
  ] as const) {
    it(`finds nothing wrong with ${what} [R-013, R-014]`, async () => {
      const results = await run(what, undefined, putOn);
      const wrong = results.filter(({ verdict }) => verdict === "fails");
      expect(wrong.map(({ name, why }) => `${name}: ${why}`)).to.deep.equal([]);
      const left = results.filter(({ verdict }) => verdict === "not-tried");
      const lacking = cases.filter((each) => lacks.some((rule) => each.rules.includes(rule)));
      const untried = [...lacking.map(({ name }) => name), "in-one-place"];
      expect(left.map(({ name }) => name)).to.deep.equal(untried);
    });
  }

  for (const [what, names] of [
    [
      "has a request of its own for each payment, dated by its certificate, and takes none that was changed [R-099]",
      ["asks-anew", "payee-certificate-expired", "garbled-requests", "vectors-requests"],
    ],
    [
      "shows what is attached to a device's key, label and reference, and takes it as signed alone [R-091]",
      ["asks-with-reference", "payee-certificate-forged", "request-forged"],
    ],
  ] as const) {
    it(`finds that the purse ${what}`, async () => {
      const results = await run("one", (name) => (names as readonly string[]).includes(name));
      expect(results.map(({ verdict }) => verdict)).to.deep.equal(names.map(() => "holds"));
    });
  }

  it("tries each rule, and names each case once", () => {
    const tried = new Set(cases.flatMap((each) => each.rules));
    expect([...tried].sort()).to.deep.equal(Object.keys(rules).sort());
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("has the rules as the specification has them", () => {
    const spec = readFileSync(join(root, "docs/SPEC.md"), "utf8");
    const rows = [...spec.matchAll(/^\| (D\d+) \| (.*) \|$/gm)].map(([, id, text]) => [id!, text!]);
    expect(Object.fromEntries(rows)).to.deep.equal(rules);
  });
});
