/** The table of refusals is whole: each code is used, and tells its reader what to do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { isRefusal, Refusal, type RefusalCode, refusalCodes } from "../../protocol/refusal.ts";
import { languageIn, type ProblemCode, wordsOf } from "../../protocol/refusal-words.ts";
import { readImportGraph, root } from "../support/imports.ts";

const codes = Object.keys(refusalCodes) as RefusalCode[];

describe("the table of refusals", () => {
  it("gives each code a status, a verdict for gossip, and a sentence that says what to do", () => {
    for (const code of codes) {
      const { status, gossip, retry, remedy } = refusalCodes[code];
      expect(code).to.match(/^[a-z]+(-[a-z]+)*$/);
      expect(status, code).to.be.within(200, 503);
      expect(["reject", "ignore"], code).to.include(gossip);
      expect(retry, code).to.be.a("boolean");
      expect(remedy, code).to.match(/^[A-Z].{15,}\.$/);
    }
    expect(new Set(codes.map((code) => refusalCodes[code].remedy)).size).to.equal(codes.length);
  });

  it("is in words in English and Chinese, each code in words of its own", () => {
    const all: readonly ProblemCode[] = [...codes, "internal"];
    for (const code of all) {
      const [en, zh] = [wordsOf(code, "en"), wordsOf(code, "zh")];
      expect(en.title, code).to.match(/^[A-Z][\x20-\x7e]{8,60}[^.]$/);
      expect(en.remedy, code).to.match(/\.$/);
      expect(zh.title, code).to.match(/^[^。]*\p{Script=Han}[^。]*$/u);
      expect(zh.remedy, code).to.match(/\p{Script=Han}.*。$/u);
    }
    for (const language of ["en", "zh"] as const) {
      const titles = all.map((code) => wordsOf(code, language).title);
      expect(new Set(titles).size).to.equal(all.length);
    }
  });

  it("never costs a peer score for what may be taken later", () => {
    expect(
      codes.filter((code) => refusalCodes[code].retry && refusalCodes[code].gossip === "reject"),
    ).to.deep.equal([]);
  });

  it("has no code that nothing refuses with", () => {
    const files = [...readImportGraph().keys()].filter((file) => !/^(test|scripts)\//.test(file));
    const used = files.flatMap((file) => {
      const source = readFileSync(join(root, file), "utf8");
      return [...source.matchAll(/(?:new Refusal|super)\(\s*"([a-z-]+)"/g)].map(([, code]) => code);
    });
    expect(codes.filter((code) => !used.includes(code))).to.deep.equal([]);
  });
});

describe("the language of a reader", () => {
  it("is the one of ours that is liked best, and English where none is named", () => {
    const cases = {
      "": "en",
      zh: "zh",
      "zh-CN,zh;q=0.9,en;q=0.8": "zh",
      "en-GB, zh;q=0.5": "en",
      "en;q=0.3, ZH-Hant;q=0.7": "zh",
      "de, fr;q=0.9": "en",
      "de, zh;q=0.1": "zh",
      "zh;q=0": "en",
      "*": "en",
      "zh;q=high": "en",
      ";;;,,,q=": "en",
    };
    for (const [header, language] of Object.entries(cases)) {
      expect(languageIn(header), header).to.equal(language);
    }
    expect(languageIn(undefined)).to.equal("en");
    expect(languageIn(`${"de,".repeat(5_000)}zh`)).to.equal("en");
  });
});

describe("a refusal", () => {
  it("says its code, what is wrong, where, and what to do", () => {
    const refusal = new Refusal("malformed", "kind 9 is no record", { field: "kind", offset: 0 });
    expect(refusal.code).to.equal("malformed");
    expect(refusal.detail).to.equal("kind 9 is no record");
    expect(refusal.message).to.equal("kind 9 is no record (field kind, offset 0)");
    expect(refusal.place).to.deep.equal({ field: "kind", offset: 0 });
    expect(refusal.remedy).to.equal(refusalCodes.malformed.remedy);
    expect(refusal.row.status).to.equal(400);
  });

  it("is told from other errors, and by its code", () => {
    const refusal = new Refusal("spent", "gone");
    expect(refusal.message).to.equal("gone");
    expect(isRefusal(refusal)).to.equal(true);
    expect(isRefusal(refusal, "spent")).to.equal(true);
    expect(isRefusal(refusal, "duplicate")).to.equal(false);
    expect(isRefusal(new Error("gone"))).to.equal(false);
    expect(isRefusal("spent")).to.equal(false);
  });
});
