/** `npm run attack` as a person runs it: real processes, a table, and an exit code that tells. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

type Loss = { readonly loss: string; readonly bound: string };
type Row = {
  readonly attack: string;
  readonly holds: boolean;
  readonly honest: number;
  readonly whole: number;
  readonly losses: Readonly<Record<"payees" | "bank" | "others" | "authority", Loss>>;
};

const script = join(import.meta.dirname, "../../../scripts/attack.ts");

describe("the attacks", function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tallystick-attacks-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  async function attack(...args: readonly string[]) {
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [script, ...args], { stdio: "pipe", env });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { stdout, stderr, code };
  }

  it("cost the cheat's bank three times what it doubled, and no honest payee and no other bank anything [N-24, N-12, R-033, R-111, R-164, R-165]", async () => {
    const file = join(folder, "rows.json");
    const names = ["roll-back", "multi-input", "false-receipt", "early-children"];
    const only = names.flatMap((name) => ["--only", name]);
    const { stdout, stderr, code } = await attack(...only, "--seed", "test", "--json", file);
    assert.equal(code, 0, stderr);
    const { rows } = JSON.parse(await readFile(file, "utf8")) as { rows: Row[] };
    assert.deepEqual(
      rows.map((row) => row.attack),
      names,
    );
    for (const { attack: name, holds, honest, whole, losses } of rows) {
      assert.ok(holds, name);
      assert.equal(whole, honest, name);
      assert.deepEqual(losses.payees, { loss: "0", bound: "0" }, name);
      assert.deepEqual(losses.others, { loss: "0", bound: "0" }, name);
      assert.deepEqual(losses.authority, { loss: "0", bound: "0" }, name);
      assert.match(stdout, new RegExp(`${name} .*holds`), name);
    }
    const bank = new Map(rows.map((row) => [row.attack, row.losses.bank]));
    // Of the payments that lost a coin, the coin alone is paid and fined.
    for (const name of ["roll-back", "multi-input"]) {
      const { loss, bound } = bank.get(name)!;
      assert.ok(Number(loss) >= 3 * 5_00 && Number(loss) <= 3 * 150_00, `${name}: ${loss}`);
      assert.equal(loss, bound, name);
    }
    // A false promise is paid once, and to the last unit.
    const { loss, bound } = bank.get("false-receipt")!;
    assert.ok(Number(loss) >= 50_00);
    assert.equal(loss, bound);
    assert.deepEqual(bank.get("early-children"), { loss: "0", bound: "0" });
    const left = (await readdir(folder)).filter((name) => name.startsWith("tallystick"));
    assert.deepEqual(left, [], "its folder is gone");
  });

  it("fail the command when a loss is above its bound, as it is for a guarantee nobody gave [N-24]", async () => {
    const { stdout, code } = await attack("--only", "clone-1", "--guarantee", "1.00");
    assert.equal(code, 1);
    assert.match(stdout, /clone-1 .*300\.00 of 3\.00.*FAILS/);
    assert.match(stdout, /Above the bound: clone-1/);
  });

  it("are named by --list, and another name is refused", async () => {
    const { stdout, code } = await attack("--list");
    assert.equal(code, 0);
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    assert.equal(new Set(names).size, names.length);
    for (const name of ["clone-1000", "race", "withheld-bytes", "spam"])
      assert.ok(names.includes(name), name);
    const wrong = await attack("--only", "theft");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /not-found: there is no attack theft/);
  });
});
