/** The sentences in each language: of one form, with what stands in them, and none left in another language. */
import assert from "node:assert/strict";
import type { CaseEntry } from "../../../node/chain/disputes.ts";
import { explain } from "../../../node/explain.ts";
import { explainCase } from "../../../node/explain-case.ts";
import { words } from "../../../node/words/words.ts";
import { languages } from "../../../protocol/refusal-words.ts";

/** Arguments that any of the sentences takes, each of which can be told in it. */
const ARGUMENTS = [11, 12, 13, 14, 15, 16, 17];

/** Every sentence of a language by its path, made of the same arguments. */
function sentencesIn(table: object, path = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(table)) {
    const at = `${path}${name}`;
    if (typeof value === "string") all.set(at, value);
    else if (typeof value === "object")
      for (const [key, text] of sentencesIn(value as object, `${at}.`)) all.set(key, text);
    else if (at !== "record.remedy" && at !== "record.waits")
      all.set(at, String((value as (...given: readonly unknown[]) => string)(...ARGUMENTS)));
  }
  return all;
}

/** The arguments that a sentence tells. */
function toldIn(text: string): number[] {
  return ARGUMENTS.filter((each) => new RegExp(`(?<!\\d)${each}(?!\\d)`).test(text));
}

describe("the words that explain", () => {
  it("say the same things in every language: every number and name that one tells, the others tell", () => {
    const english = sentencesIn(words.en);
    for (const language of languages) {
      const others = sentencesIn(words[language]);
      assert.deepEqual([...others.keys()], [...english.keys()]);
      for (const [at, text] of others)
        assert.deepEqual(toldIn(text), toldIn(english.get(at)!), `${language}: ${at}: ${text}`);
    }
  });

  it("are Chinese where Chinese is asked for", () => {
    for (const [at, text] of sentencesIn(words.zh)) {
      assert.match(text, /\p{Script=Han}/u, at);
      // Names of things may be anything; two words in a row are a sentence in another language.
      assert.doesNotMatch(text, /[A-Za-z]{2,} [A-Za-z]{2,}/, at);
    }
    const status = { id: "0x12", state: "pending", code: "unknown-coin", detail: "no coin 0xab" };
    const told = explain({ status: status as never, openCycle: 1 }, "zh").join("");
    assert.match(told, /它正在等待：.*（no coin 0xab）。.*一旦能够生效即行结算/);
    const entry = { kind: "false-receipt", status: "opened", claimant: 1, accused: 2 } as CaseEntry;
    const context = { currency: { code: "EUR", digits: 2 }, claimPeriodS: 2_592_000, now: 0 };
    const [asked, next] = explainCase(
      { ...entry, amount: 74_03n, deadlineS: 1_800_000_000 },
      context,
      "zh",
    );
    assert.match(asked!, /成员 1 要求从成员 2 的保证金支付 74\.03 EUR/);
    assert.match(next!, /可在 2027-01-15 08:00 UTC 之前答复/);
  });
});
