/** `npm run attack` as a person runs it: real processes, a table, and an exit code that tells. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parties, type Party } from "../../../scripts/attack/books.ts";
import { attacks } from "../../../scripts/attack/catalogue.ts";

type Loss = { readonly loss: string; readonly bound: string };
type Row = {
  readonly attack: string;
  readonly holds: boolean;
  readonly honest: number;
  readonly whole: number;
  readonly losses: Readonly<Record<Party, Loss>>;
};
type Outcome = { readonly stdout: string; readonly stderr: string; readonly code: number | null };

const script = join(import.meta.dirname, "../../../scripts/attack.ts");
const NOTHING: Loss = { loss: "0", bound: "0" };
/** A thousand devices have to be enrolled for it; copies above the guarantee are in used-up-guarantee, too. */
const TOO_LONG = "clone-1000";

/** What each attack costs the bank that answers for the cheat. */
const doubled = ["roll-back", "multi-input", "fork-tree", "race", "dust", "clone-1", "clone-10"];
const promised = ["false-receipt", "false-receipt-twice"];
const ruled = ["used-up-guarantee"];
const inVain = [
  "relay",
  "early-children",
  "bad-witness",
  "withheld-bytes",
  "lying-gateway",
  "swallowing-gateway",
  "spam",
  "full-intake",
];

describe("the attacks", function () {
  this.timeout(900_000);
  let folder: string;
  let played: Outcome;
  let rows: ReadonlyMap<string, Row>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tallystick-attacks-"));
    const file = join(folder, "rows.json");
    const names = attacks.map(({ name }) => name).filter((name) => name !== TOO_LONG);
    const only = names.flatMap((name) => ["--only", name]);
    played = await attack(...only, "--seed", "test", "--json", file);
    assert.equal(played.code, 0, played.stderr + played.stdout);
    const told = JSON.parse(await readFile(file, "utf8")) as { rows: Row[] };
    rows = new Map(told.rows.map((row) => [row.attack, row]));
    assert.deepEqual([...rows.keys()], names);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  async function attack(...args: readonly string[]): Promise<Outcome> {
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [script, ...args], { stdio: "pipe", env });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { stdout, stderr, code };
  }

  const lossIn = (name: string, party: Party) => rows.get(name)!.losses[party];

  it("cost nobody more than policy says, and no other bank and no authority anything, each of them [N-24]", async () => {
    const expected = [...doubled, ...promised, ...ruled, ...inVain];
    assert.deepEqual(new Set(rows.keys()), new Set(expected));
    for (const [name, { holds, losses }] of rows) {
      assert.ok(holds, name);
      assert.match(played.stdout, new RegExp(`${name} .*holds`), name);
      assert.deepEqual(losses.others, NOTHING, name);
      assert.deepEqual(losses.authority, NOTHING, name);
    }
    const left = (await readdir(folder)).filter((name) => name.startsWith("tallystick"));
    assert.deepEqual(left, [], "its folder is gone");
  });

  it("leave every honest payee whole within the guarantee [N-12, R-111, R-165]", () => {
    for (const name of [...doubled, ...inVain]) {
      assert.deepEqual(lossIn(name, "payees"), NOTHING, name);
      assert.equal(rows.get(name)!.whole, rows.get(name)!.honest, name);
    }
  });

  it("cost the cheat's bank three times what its device doubled [N-24, N-12, R-033]", () => {
    for (const name of doubled) {
      const { loss, bound } = lossIn(name, "bank");
      assert.ok(Number(loss) >= 3 * 5_00, `${name}: ${loss}`);
      assert.equal(Number(loss) % 3, 0, name);
      assert.equal(loss, bound, name);
    }
  });

  it("with a false receipt are paid once and to the last unit by the member that signed it [R-030, R-164]", () => {
    for (const name of promised) {
      const { loss, bound } = lossIn(name, "bank");
      assert.ok(Number(loss) >= 50_00, name);
      assert.equal(loss, bound, name);
    }
    assert.deepEqual(lossIn("false-receipt", "payees"), NOTHING);
    // Of two who took one false receipt, the second has no claim on the bond.
    const { loss, bound } = lossIn("false-receipt-twice", "payees");
    assert.equal(loss, bound);
    assert.equal(loss, lossIn("false-receipt-twice", "bank").loss);
  });

  it("above the guarantee are paid by a ruling, to the payee who came last [N-12, R-032]", () => {
    const [name] = ruled as [string];
    assert.equal(lossIn(name, "payees").loss, "0");
    const { loss, bound } = lossIn(name, "bank");
    assert.ok(Number(loss) > 3 * 4_800_00 && Number(loss) <= Number(bound), loss);
  });

  it("of relays, members, gateways and strangers cost nobody anything [N-24]", () => {
    for (const name of inVain) {
      for (const party of parties) assert.deepEqual(lossIn(name, party), NOTHING, name);
    }
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
    assert.deepEqual(
      names,
      attacks.map(({ name }) => name),
    );
    assert.equal(new Set(names).size, names.length);
    const wrong = await attack("--only", "theft");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /not-found: there is no attack theft/);
  });
});
