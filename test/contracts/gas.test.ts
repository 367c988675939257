/** What the chain costs, against the target. */
import { expect } from "chai";
import { measureGas, reportGas } from "../../scripts/bench/gas.ts";

describe("gas", () => {
  it("stays within every target, behind proxies: a report of a double spend that a contract verifies and fines, too [N-02]", async () => {
    const rows = await measureGas();
    const lines: string[] = [];
    expect(
      reportGas(rows, (line) => lines.push(line)),
      lines.join("\n"),
    ).to.equal(true);
    expect(rows.filter(({ target }) => target !== undefined)).to.have.length(4);
  });

  it("is reported as missed when it is", () => {
    const lines: string[] = [];
    const rows = [
      { name: "within", value: 10, target: 10 },
      { name: "beyond", value: 10.01, target: 10 },
    ];
    expect(reportGas(rows, (line) => lines.push(line))).to.equal(false);
    expect(lines.map((line) => line.includes("MISSED"))).to.deep.equal([false, true]);
  });
});
