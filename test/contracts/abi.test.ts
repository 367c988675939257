/** What is generated from the contracts and committed is what the contracts say. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { abiFile, formatAbis } from "../../scripts/build.ts";

describe("node/chain/abi.ts", () => {
  it("is what the build writes from the artifacts", () => {
    expect(readFileSync(abiFile, "utf8")).to.equal(formatAbis(), "run `npm run build`");
  });
});
