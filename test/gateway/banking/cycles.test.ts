/** A gateway tells the bank's other systems of each settled cycle, once, and of accounts whenever it is asked. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { root } from "../../support/imports.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { until } from "../../support/until.ts";
import { Bank, checked } from "../support/bank.ts";
import { refusal } from "../support/refusal.ts";
import { writeSchemas } from "./schemas.ts";

const run = promisify(execFile);
const DAY_MS = 86_400_000;

describe("banking messages of a gateway", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let out: string;
  /** Of the calendar in the configuration: by year, its holidays. */
  let years: Record<string, string[]>;

  const opened = async (settings: { years?: number[]; members?: number[] } = {}) => {
    const path = await folder();
    out = join(path, "out");
    const schemas = join(path, "schemas");
    await writeSchemas(schemas);
    const year = new Date().getUTCFullYear();
    const listed = settings.years ?? [year - 1, year, year + 1];
    years = Object.fromEntries(listed.map((each): [string, string[]] => [String(each), []]));
    const bics = ["DEUTDEFF", "CHASUS33"];
    bank = await Bank.open(path, {
      banking: {
        members: (settings.members ?? [1, 2]).map((member) => ({ member, bic: bics[member - 1]! })),
        calendar: {
          timeZone: "UTC",
          cutOff: "23:59",
          weekend: [],
          years,
        },
        folder: out,
        schemas,
      },
    });
    await bank.start();
  };
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const cycle = (number: number, settled: boolean, delta: bigint) => ({
    number,
    seq: 10 * number,
    applied: 1,
    appliedRoot: `0x${"11".repeat(32)}`,
    supply: "1000",
    positions: [
      { member: 1, delta: String(delta), withdrawn: "0" },
      { member: 2, delta: String(-delta), withdrawn: "0" },
    ],
    stateRoot: `0x${"22".repeat(32)}`,
    digest: `0x${"33".repeat(32)}`,
    settled,
  });
  const text = async (path: string) =>
    (await checked(await fetch(`${bank.gateway.staffUrl}/v1/banking/${path}`))).text();
  const files = async () => (existsSync(out) ? (await readdir(out)).toSorted() : []);
  /** Whole: what is being written has another name. */
  const delivered = (names: number) =>
    until(`${names} files are there`, async () => {
      const all = await files();
      return all.length === names && !all.some((name) => name.endsWith(".draft"));
    });

  it("are in the folder when a cycle has settled, and on demand the same bytes, over restarts", async () => {
    await opened();
    bank.node.checkpoints = [cycle(1, false, -500n)];
    const seen = async () => (await bank.staff<object[]>("/v1/banking/cycles")).length;
    await until("it has closed", async () => (await seen()) === 1);
    expect(await text("cycles/1/pacs.002")).to.include("ACSP");
    await refusal("not-found", text("cycles/1/pacs.009"));
    await refusal("not-found", text("cycles/2/pacs.009"));
    expect(await files()).to.deep.equal([]);
    bank.node.checkpoints = [cycle(1, true, -500n), cycle(2, true, 70n)];
    await delivered(4);
    const [network] = (await files())[0]!.split("-");
    expect(await files()).to.deep.equal([
      `${network}-1-pacs.002.001.10.xml`,
      `${network}-1-pacs.009.001.08.xml`,
      `${network}-1-positions.csv`,
      `${network}-2-positions.csv`,
    ]);
    const file = await readFile(join(out, `${network}-1-pacs.009.001.08.xml`), "utf8");
    expect(file).to.include(`<IntrBkSttlmAmt Ccy="EUR">5.00</IntrBkSttlmAmt>`);
    bank.ahead = 3 * DAY_MS;
    await bank.restart();
    expect(await text("cycles/1/pacs.009")).to.equal(file);
    expect(await text("cycles/1/pacs.002")).to.include("ACSC");
    // What the member is paid, another pays.
    await refusal("not-found", text("cycles/2/pacs.009"));
    expect(await text("cycles/2/payments.csv")).to.include("CHASUS33,DEUTDEFF,0.70,EUR");
    const listed = await bank.staff<{ number: number; payments: number }[]>("/v1/banking/cycles");
    expect(listed.map(({ number, payments }) => [number, payments])).to.deep.equal([
      [1, 1],
      [2, 0],
    ]);
  });

  it("are put there after all where they could not be, each once, with the time of the settlement", async () => {
    await opened();
    // A file where the folder is to be.
    await writeFile(out, "");
    bank.node.checkpoints = [cycle(1, true, -500n)];
    await until("it is told of", () =>
      bank.log.some((line) => line.includes("the messages of settled cycles could not be made")),
    );
    const first = await text("cycles/1/pacs.009");
    await bank.restart();
    await rm(out);
    await delivered(3);
    const [name] = (await files()).filter((each) => each.includes("pacs.009"));
    expect(await readFile(join(out, name!), "utf8")).to.equal(first);
    await rm(out, { recursive: true });
    await mkdir(out);
    await bank.restart();
    bank.node.checkpoints = [cycle(1, true, -500n), cycle(2, true, 0n)];
    await delivered(1);
  });

  it("are refused for a year that the calendar does not list, and the log says where to list it", async () => {
    await opened({ years: [2001] });
    bank.node.checkpoints = [cycle(1, true, -500n)];
    await until("it is told of", () =>
      bank.log.some((line) => line.includes("banking.calendar.years")),
    );
    await refusal("bad-configuration", text("cycles/1/pacs.009"));
  });

  it("count on the day they settled, though the calendar was to be completed first", async () => {
    await opened({ years: [2001] });
    const noon = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2).toISOString();
    bank.node.cycleTimes = { closedAtS: 1, settledAtS: Date.parse(noon) / 1000 };
    bank.node.checkpoints = [cycle(1, true, -500n)];
    await until("it is told of", () =>
      bank.log.some((line) => line.includes("banking.calendar.years")),
    );
    years[noon.slice(0, 4)] = [];
    bank.ahead = 3 * DAY_MS;
    await bank.restart();
    await delivered(3);
    const message = await text("cycles/1/pacs.009");
    expect(message).to.include(`<IntrBkSttlmDt>${noon.slice(0, 10)}</IntrBkSttlmDt>`);
    expect(message).to.include(`<CreDtTm>${noon}`);
  });

  it("hold up those of no other cycle where one names a member without a BIC", async () => {
    await opened();
    const [first, ...others] = cycle(1, true, -500n).positions;
    const strange = { ...cycle(1, true, 0n), positions: [first!, { ...others[0]!, member: 3 }] };
    bank.node.checkpoints = [strange, cycle(2, true, -70n)];
    await delivered(3);
    expect((await files()).every((name) => name.includes("-2-"))).to.equal(true);
    await until("it is told of", () =>
      bank.log.some((line) => line.includes("no BIC of member 3")),
    );
  });

  it("tell of accounts: a statement of a day that is over, a notice, rows [R-064]", async () => {
    await opened();
    await bank.customer("anna", 1_250n);
    const day = new Date(bank.now()).toISOString().slice(0, 10);
    await refusal("malformed", text(`accounts/anna/camt.053?day=${day}`));
    const notice = await text("accounts/anna/camt.054");
    expect(notice).to.include(`<Amt Ccy="EUR">12.50</Amt>`).and.include("deposit:first:anna");
    bank.ahead = DAY_MS;
    const statement = await text(`accounts/anna/camt.053?day=${day}`);
    expect(statement).to.include(`<Amt Ccy="EUR">12.50</Amt>`).and.include("CLBD");
    expect(await text(`accounts/anna/statement.csv?day=${day}`)).to.include("12.50,12.50,EUR");
    await refusal("not-found", text(`accounts/bert/camt.053?day=${day}`));
    await refusal("malformed", text("accounts/anna/camt.053?day=2026-02-30"));
  });

  it("come out of the command as the gateway has them, and its refusals with what to do", async () => {
    await opened();
    bank.node.checkpoints = [cycle(1, true, -500n)];
    await delivered(3);
    const staff = ["--staff", bank.gateway.staffUrl];
    const command = (...args: string[]) =>
      run(process.execPath, [join(root, "scripts/tallystick.ts"), "gateway", "message", ...args]);
    const { stdout } = await command("pacs.009", "--cycle", "1", ...staff);
    expect(stdout).to.equal(await text("cycles/1/pacs.009"));
    const failed = async (...args: string[]) =>
      command(...args, ...staff).then(
        () => "",
        (error: { stderr: string }) => error.stderr,
      );
    expect(await failed("pacs.009", "--cycle", "7")).to.include("cycle 7 has not closed yet");
    expect(await failed("camt.053", "--account", "anna")).to.include("camt.053 takes --day");
    expect(await failed("pacs.008", "--cycle", "1")).to.include("pacs.008");
  });

  it("are not begun by a gateway whose configuration does not name its own member, or names one twice", async () => {
    const wrong = await refusal("bad-configuration", opened({ members: [2] }));
    expect(wrong.detail).to.include("no BIC of member 1");
    await bank[Symbol.asyncDispose]();
    const twice = await refusal("bad-configuration", opened({ members: [1, 2, 2] }));
    expect(twice.detail).to.include("member 2 twice");
  });
});
