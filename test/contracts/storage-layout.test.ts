/** State stays where deployed networks have it. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { formatLayouts, layoutFile } from "../../scripts/storage-layout.ts";

describe("the storage of the proxied contracts", () => {
  it("is where the committed layout says, so that an upgrade finds it", () => {
    expect(JSON.parse(formatLayouts())).to.deep.equal(JSON.parse(readFileSync(layoutFile, "utf8")));
  });

  it("of what sequence touches fits one slot for the counter and one for the member", () => {
    const layout = JSON.parse(readFileSync(layoutFile, "utf8"));
    for (const struct of [
      layout.MemberRegistry["t_struct(Head)"],
      layout.Settlement["t_struct(LastBatch)"],
    ]) {
      expect(struct.length).to.be.greaterThan(1);
      for (const variable of struct) expect(variable).to.match(/^0\./);
    }
  });
});
