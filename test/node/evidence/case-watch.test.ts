/** What an operator is told of cases at the contract, which is played by a list of them. */
import assert from "node:assert/strict";
import type { CaseEntry } from "../../../node/chain/disputes.ts";
import { type CaseDesk, CaseWatch } from "../../../node/evidence/case-watch.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { until } from "../../support/until.ts";

const SELF: MemberId = 2;
const OBSERVER = undefined;
const DEADLINE_S = 1_800_000_000;
const DAY_MS = 86_400_000;
const LOOK_MS = 10;
const NOTHING = `0x${"00".repeat(32)}` as const;

class Desk implements CaseDesk {
  readonly cases: CaseEntry[] = [];
  isDown = false;
  looks = 0;
  changed: () => void = () => undefined;

  onChange(listener: () => void): void {
    this.changed = listener;
  }

  open(changed: Partial<CaseEntry> = {}): void {
    this.cases.push({
      caseId: this.cases.length + 1,
      kind: "false-receipt",
      status: "opened",
      claimant: 1,
      accused: SELF,
      amount: 500n,
      deadlineS: DEADLINE_S,
      argument: NOTHING,
      answer: NOTHING,
      debts: [],
      ...changed,
    });
  }

  becomes(caseId: number, status: CaseEntry["status"]): void {
    this.cases[caseId - 1] = { ...this.cases[caseId - 1]!, status };
  }

  async caseCount(): Promise<number> {
    if (this.isDown) throw new Error("the chain is away");
    this.looks++;
    return this.cases.length;
  }

  async case(caseId: number): Promise<CaseEntry | undefined> {
    return this.cases[caseId - 1];
  }
}

type Line = { readonly level: string; readonly msg: string; readonly case?: number };

describe("the watch over cases", () => {
  let desk: Desk;
  let watch: CaseWatch;
  let nowMs: number;
  let log: (Line & Record<string, unknown>)[];

  beforeEach(() => {
    desk = new Desk();
    log = [];
    nowMs = DEADLINE_S * 1000 - 30 * DAY_MS;
  });

  afterEach(() => watch.stop());

  function start(member: MemberId | undefined): void {
    const stream = { write: (line: string) => void log.push(JSON.parse(line)) };
    const logger = makeLogger({ name: "cases", stream });
    watch = new CaseWatch({ member, desk, logger, now: () => nowMs }, { lookMs: LOOK_MS });
    watch.start();
  }

  const warnings = () => log.filter(({ level }) => level === "warn");

  async function looksAgain(): Promise<void> {
    const before = desk.looks;
    await until("it has looked again", () => desk.looks > before + 1);
  }

  it("tells the operator of a case against its own member and until when it can be answered, and of no other's [R-032, R-166]", async () => {
    desk.open({ accused: 3 });
    desk.open();
    start(SELF);
    await until("it is told", () => warnings().length > 0);
    await looksAgain();
    assert.deepEqual(
      warnings().map((line) => [line.case, line["claimant"], line["amount"], line["answerUntil"]]),
      [[2, 1, "500", new Date(DEADLINE_S * 1000).toISOString()]],
    );
    assert.deepEqual(
      watch.open().map(({ caseId }) => caseId),
      [1, 2],
    );
    assert.deepEqual(
      watch.toAnswer().map(({ caseId }) => caseId),
      [2],
    );
  });

  it("reminds it each day for as long as the case can be answered and is not", async () => {
    desk.open();
    start(SELF);
    await until("it is told", () => warnings().length === 1);
    nowMs += DAY_MS;
    await until("it is told again", () => warnings().length === 2);
    desk.becomes(1, "answered");
    await until("the answer is seen", () => watch.toAnswer().length === 0);
    nowMs += DAY_MS;
    await looksAgain();
    assert.equal(warnings().length, 2);
    desk.open({ caseId: 2 });
    await until("it is told of the next", () => warnings().length === 3);
    nowMs = DEADLINE_S * 1000 + 1;
    await looksAgain();
    assert.equal(watch.toAnswer().length, 0, "the time to answer is over");
    assert.equal(warnings().length, 3);
  });

  it("lets go of a case that has ended, and follows them after a restart from the first on", async () => {
    desk.open();
    desk.open();
    desk.becomes(1, "enforced");
    start(SELF);
    await until("the open one is known", () => watch.open().length === 1);
    desk.becomes(2, "ruled");
    await until("the ruling is seen", () => watch.open()[0]?.status === "ruled");
    desk.becomes(2, "dismissed");
    await until("it is let go", () => watch.open().length === 0);
    const moves = log.filter(({ msg }) => msg === "a case moved on");
    assert.deepEqual(
      moves.map((line) => [line.case, line["status"]]),
      [
        [2, "ruled"],
        [2, "dismissed"],
      ],
    );
  });

  it("looks while none is open when it is told of a change, and once in a while besides", async () => {
    start(SELF);
    await until("it has looked", () => desk.looks === 1);
    await new Promise((resolve) => setTimeout(resolve, 4 * LOOK_MS));
    assert.equal(desk.looks, 1, "none is open, and nothing was told");
    desk.open();
    desk.changed();
    await until("it is known", () => watch.open().length === 1);
    desk.becomes(1, "dismissed");
    await until("it is let go", () => watch.open().length === 0);
    desk.open();
    await until("what was not told is found", () => watch.open().length === 1);
  });

  it("accuses no observer, and says once that the chain is away", async () => {
    desk.open();
    desk.isDown = true;
    start(OBSERVER);
    await until("it has said so", () => warnings().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS));
    desk.isDown = false;
    await until("it is known", () => watch.open().length === 1);
    assert.deepEqual(watch.toAnswer(), []);
    assert.equal(warnings().length, 1);
  });
});
