/** The table of requirements and the check that holds it against a run of the tests. */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import {
  checkRun,
  checkTable,
  cited,
  coverage,
  numbers,
  parseTable,
  type Requirement,
  table,
  withTests,
} from "../scripts/requirements.ts";

const row = (fields: Partial<Requirement>): Requirement => ({
  number: "R-001",
  clause: "a clause",
  status: "shown",
  tests: ["part does it [R-001]"],
  ...fields,
});
const run = { passed: ["part does it [R-001]"], skipped: [] };

describe("the table of requirements", () => {
  it("has a row with a clause and a status for every number, in order [N-27]", () => {
    const requirements = parseTable(readFileSync(table, "utf8"));
    expect(checkTable(requirements)).to.deep.equal([]);
    expect(requirements.map(({ number }) => number)).to.deep.equal(numbers);
    expect(requirements.filter(({ clause }) => clause.length < 10)).to.deep.equal([]);
  });

  it("names a row that is missing, out of order, or of no known status [N-27]", () => {
    const all = numbers.map((number) => row({ number }));
    expect(checkTable(all)).to.deep.equal([]);
    expect(checkTable(all.toSpliced(3, 1))).to.deep.equal(["row 4 is not R-004"]);
    expect(checkTable([...all, row({ number: "N-28" })])).to.deep.equal(["there is no N-28"]);
    expect(checkTable(all.with(0, row({ status: "done" })))).to.deep.equal([
      'R-001 is "done", not one of shown, partly, open',
    ]);
  });

  it("reads every number that a title cites, and takes rule ids for none", () => {
    expect(cited("refuses a forged coin [R-030, N-03] [R-031]")).to.deep.equal([
      "R-030",
      "N-03",
      "R-031",
    ]);
    expect(cited("refuses a second record for a spent coin [R3]")).to.deep.equal([]);
  });

  it("fails on a claim without a test that passed, and on a test without a row [N-27]", () => {
    expect(checkRun([row({})], run)).to.deep.equal([]);
    expect(checkRun([row({})], { passed: [], skipped: [] })).to.deep.equal([
      'R-001: no test "part does it [R-001]" passed',
      "R-001 is shown and no test cites it",
    ]);
    expect(checkRun([row({ tests: [] })], run)).to.deep.equal([
      'R-001: the table lacks "part does it [R-001]"',
    ]);
    expect(checkRun([row({ status: "open" })], run)).to.deep.equal([
      "R-001 is open and tests cite it",
    ]);
    expect(checkRun([], { passed: ["does it [R-999]"], skipped: [] })).to.deep.equal([
      '"does it [R-999]" cites R-999, which there is not',
    ]);
  });

  it("leaves a claim alone whose test was skipped", () => {
    expect(checkRun([row({})], { passed: [], skipped: run.passed })).to.deep.equal([]);
  });

  it("calls an open requirement partly shown when a test cites it, and no more than that", () => {
    const written = withTests("| R-001 | a clause | open | – |", run);
    expect(written).to.equal("| R-001 | a clause | partly | part does it [R-001] |");
  });

  it("puts the titles of a run into the table and leaves clauses and statuses alone", () => {
    const markdown =
      "# Title\n| R-001 | a clause | partly | old |\n| R-002 | another | open | old |";
    const written = withTests(markdown, { passed: ["b [R-001]", "a | b [R-001]"], skipped: [] });
    expect(written).to.equal(
      "# Title\n| R-001 | a clause | partly | a / b [R-001]<br>b [R-001] |\n| R-002 | another | open | – |",
    );
    expect(coverage(parseTable(written))).to.equal("shown 0, partly 1, open 1 of 2 requirements");
  });
});
