/** Reports: signed by whoever ran the kit, checked by anybody, and never better than what was run. */
import { expect } from "chai";
import { KIT_PROTOCOL, KIT_VERSION } from "../../../device/conformance/command.ts";
import {
  formatReport,
  outcomeOf,
  type Report,
  signReport,
  verifyReport,
} from "../../../device/conformance/report.ts";
import { linesOf } from "../../../device/conformance/report-text.ts";
import type { CaseResult, Verdict } from "../../../device/conformance/run.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { keyOf } from "../../support/ledger-parts.ts";
import { cases } from "./support/cases.ts";

const verifier = new NodeVerifier();

function resultOf(name: string, verdict: Verdict, why = ""): CaseResult {
  const { rules, title } = cases.find((each) => each.name === name)!;
  return { name, rules, title, verdict, why, durationMs: 3 };
}

function reportOf(results: readonly CaseResult[]): Report {
  return {
    kit: { version: KIT_VERSION, protocol: KIT_PROTOCOL },
    implementation: { name: "My card", version: "2.1", class: "chip" },
    seed: "a seed",
    begun: "2026-11-20T10:00:00.000Z",
    ended: "2026-11-20T10:00:09.000Z",
    cases: results,
  };
}

const whole = cases.map(({ name }) => resultOf(name, "holds"));

describe("a conformance report", () => {
  it("is signed, and is verified byte for byte", async () => {
    const file = formatReport(await signReport(reportOf(whole), keyOf("a lab")));
    const { report, publicKey } = verifyReport(file, verifier);
    expect(report).to.deep.equal(reportOf(whole));
    expect(publicKey).to.match(/^0x0[23][0-9a-f]{64}$/);
    expect(outcomeOf(report, cases).passes).to.equal(true);
  });

  it("is refused when a verdict, a time or the key was changed, and when nobody has signed it", async () => {
    const results = whole.with(3, resultOf(cases[3]!.name, "fails", "expected: something"));
    const signed = await signReport(reportOf(results), keyOf("a lab"));
    const file = formatReport(signed);
    const other = await signReport(reportOf(results), keyOf("another lab"));
    const changed = [
      file.replace(`"fails"`, `"holds"`),
      file.replace("2026-11-20T10:00:09", "2026-11-21T10:00:09"),
      formatReport({ ...signed, publicKey: other.publicKey }),
      formatReport({ report: signed.report }),
    ];
    for (const text of changed) {
      expect(text).to.not.equal(file);
      expect(() => verifyReport(text, verifier)).to.satisfy((act: () => void) =>
        refusesWith(act, "bad-signature"),
      );
    }
    const odd = file.replace(`"seed"`, `"sead"`);
    expect(() => verifyReport(odd, verifier)).to.satisfy((act: () => void) =>
      refusesWith(act, "malformed"),
    );
  });

  it("passes only with every case of the kit and none that fails", () => {
    expect(outcomeOf(reportOf(whole.slice(1)), cases)).to.deep.include({
      passes: false,
      missing: [cases[0]!.name],
    });
    const failing = whole.with(0, resultOf(cases[0]!.name, "fails", "expected: 70 come back"));
    expect(outcomeOf(reportOf(failing), cases)).to.deep.include({
      passes: false,
      counts: { holds: cases.length - 1, fails: 1, "not-tried": 0 },
    });
  });

  it("says in words what fails, by which rule, what was not tried, and what it comes to", () => {
    const results = whole
      .with(0, resultOf(cases[0]!.name, "fails", "expected: 70 come back, not 69"))
      .with(1, resultOf(cases[1]!.name, "not-tried", "there is one way to the device"));
    const report = reportOf(results);
    const text = linesOf(report, outcomeOf(report, cases)).join("\n");
    expect(text).to.include("My card 2.1, class chip");
    expect(text).to.include(`FAILS ${cases[0]!.name}: the device ${cases[0]!.title}`);
    expect(text).to.include("expected: 70 come back, not 69");
    expect(text).to.match(/D8: A payment is signed/);
    expect(text).to.include(`${cases[1]!.name}: there is one way to the device`);
    expect(text).to.match(/\d+ hold, 1 fail, 1 not tried\. It does not pass\.$/);
  });

  it("names the kit by the version of the package", () => {
    expect(KIT_VERSION).to.equal(packageJson.version);
  });
});

function refusesWith(act: () => void, code: "bad-signature" | "malformed"): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return isRefusal(error, code);
  }
}
