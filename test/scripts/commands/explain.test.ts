/** `tallystick explain`: codes by the table, ids by a node and by a gateway. */
import { expect } from "chai";
import { leafId } from "../../../protocol/leaf.ts";
import { refusalsEn } from "../../../device/web/words/refusals-en.ts";
import { refusalsZh } from "../../../device/web/words/refusals-zh.ts";
import { refusalCodes } from "../../../protocol/refusal.ts";
import { wordsOf } from "../../../protocol/refusal-words.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { Bank } from "../../gateway/support/bank.ts";
import { TestDevice } from "../../gateway/support/device.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { said, saidJson, tallystick } from "./support/tallystick.ts";

describe("tallystick explain", () => {
  const folder = temporaryFolders();

  it("says what a code means and what to do, with no network", async () => {
    const [text, json] = await Promise.all([
      said(["explain", "spent"]),
      saidJson(["explain", "SPENT"]),
    ]);
    expect(text)
      .to.match(/^spent \(HTTP 409\): Another record took the coin first\n/)
      .and.include(refusalCodes.spent.remedy);
    expect(json).to.deep.equal({
      code: "spent",
      ...refusalCodes.spent,
      title: "Another record took the coin first",
      shown: refusalsEn.spent,
    });
  });

  it("says it in Chinese where that is asked for, and knows our own errors, too [N-21]", async () => {
    const [spent, internal] = await Promise.all([
      said(["explain", "spent", "--lang", "zh"]),
      said(["explain", "internal", "--lang", "zh"]),
    ]);
    const words = wordsOf("spent", "zh");
    expect(spent.split("\n").slice(0, 2)).to.deep.equal([
      `spent (HTTP 409): ${words.title}`,
      words.remedy,
    ]);
    expect(spent).to.include(refusalsZh.spent);
    expect(internal).to.include("internal (HTTP 500): 服务器自身出错");
  });

  it("names the code that was probably meant", async () => {
    const { code, stderr } = await tallystick(["explain", "insuficient-funds"]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^not-found: .*did you mean insufficient-funds\?/);
  });

  it("says where an enrolment is, as a node and a gateway know it", async () => {
    await using bank = await Bank.open(await folder());
    await bank.start();
    const { enrolment } = await new TestDevice(bank).enrol(await bank.customer("anna", 0n));
    const id = leafId(networkId, enrolment);
    await until("the enrolment has applied", () => bank.node.hasApplied(id));
    const [byNode, byGateway] = await Promise.all([
      said(["explain", id, "--node", bank.node.url]),
      saidJson(["explain", id, "--gateway", `${bank.url}/`]),
    ]);
    expect(byNode).to.match(new RegExp(`^${id}\n.*applied`));
    expect(byGateway).to.include({ id, state: "applied" });
  });

  it("refuses what is no id, an id with nobody to ask, and somebody who is not there", async () => {
    const id = `0x${"12".repeat(32)}`;
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["explain", "0x12"], /^malformed: "0x12" is no id/],
      [["explain", id], /^bad-configuration: say with --node or --gateway/],
      [["explain", id, "--node", "http://127.0.0.1:1"], /^unavailable: http.* does not answer/],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => tallystick(args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      expect(stderr).to.match(cases[i]![1]);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    }
  });
});
