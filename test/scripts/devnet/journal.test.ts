import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Genesis, Journal, type JournalEntry } from "../../../scripts/devnet/journal.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { makeFolder } from "../../support/chain.ts";

const genesis: Genesis = {
  format: 1,
  hardhat: "3.17",
  chainId: 1,
  timeS: 1_800_000_000,
  funded: [],
};

function entry(number: number): JournalEntry {
  return {
    parent: `0x${String(number).padStart(64, "0")}`,
    timeS: genesis.timeS + number,
    raw: [`0x${"ab".repeat(10 * number)}`],
  };
}

async function readAll(path: string): Promise<readonly JournalEntry[]> {
  const journal = await Journal.open(path, genesis);
  try {
    return [...journal.entries()];
  } finally {
    journal.close();
  }
}

describe("the embedded chain's journal", () => {
  it("gives back the genesis and every entry, in order", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "journal.txt");
    const journal = await Journal.open(path, genesis);
    assert.deepEqual([...journal.entries()], []);
    const entries = [1, 2, 3].map(entry);
    for (const each of entries) journal.append(each);
    journal.close();
    const again = await Journal.open(path, { ...genesis, timeS: 0 });
    assert.deepEqual(again.genesis, genesis);
    assert.deepEqual([...again.entries()], entries);
    again.close();
  });

  it("reads entries longer than it reads at once", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "journal.txt");
    const long: JournalEntry = { ...entry(1), raw: [`0x${"cd".repeat(3 << 20)}`] };
    const journal = await Journal.open(path, genesis);
    assert.deepEqual([...journal.entries()], []);
    for (const each of [long, entry(2)]) journal.append(each);
    journal.close();
    assert.deepEqual(await readAll(path), [long, entry(2)]);
  });

  it("cuts the last line wherever it was torn, and goes on after the line before", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "journal.txt");
    const journal = await Journal.open(path, genesis);
    assert.deepEqual([...journal.entries()], []);
    journal.append(entry(1));
    journal.append(entry(2));
    journal.close();
    const whole = await readFile(path);
    const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const torn = await Journal.open(path, genesis);
      assert.deepEqual([...torn.entries()], [entry(1)]);
      torn.append(entry(3));
      torn.close();
      assert.deepEqual(await readAll(path), [entry(1), entry(3)]);
    }
  });

  it("refuses a flipped bit in any whole line, naming it, and leaves the file as it is", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "journal.txt");
    const journal = await Journal.open(path, genesis);
    assert.deepEqual([...journal.entries()], []);
    journal.append(entry(1));
    journal.close();
    const whole = await readFile(path);
    // All but the ends of lines: there, two lines become one, or the last one torn.
    for (let at = 0; at < whole.length; at++) {
      if (whole[at] === 0x0a) continue;
      const flipped = Buffer.from(whole);
      flipped[at] = flipped[at]! ^ 1;
      await writeFile(path, flipped);
      const line = at < whole.indexOf("\n") ? 1 : 2;
      await assert.rejects(
        readAll(path),
        (error) => isRefusal(error, "wrong-folder") && error.message.includes(`line ${line} `),
        `byte ${at}`,
      );
      assert.deepEqual(await readFile(path), flipped);
    }
  });
});
