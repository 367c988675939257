import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../support/imports.ts";

describe("the keys of a gateway's store", () => {
  it("begin with a letter for each kind of row, and each stands in the layout", async () => {
    const text = await readFile(join(root, "gateway/keys.ts"), "utf8");
    const lettersOf = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, letter]) => letter!);
    const layout = lettersOf(/^ \* {5}([a-zA-Z])(?= )/gm);
    assert.ok(layout.length > 40);
    assert.deepEqual(layout.toSorted(), [...new Set(layout)].toSorted());
    const used = new Set(lettersOf(/\b(?:prefix|under|after)\("([a-zA-Z])"\)/g));
    assert.deepEqual([...used].toSorted(), layout.toSorted());
  });
});
