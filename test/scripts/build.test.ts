/** What is compiled with what: the demo waits for nothing that it does not deploy. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readArtifact } from "../../scripts/build.ts";
import { root } from "../support/imports.ts";

const library = "@openzeppelin/contracts";
const deployed = [
  ["contracts", "MemberRegistry"],
  ["contracts", "ReserveToken"],
  ["contracts", "Settlement"],
  ["contracts", "Disputes"],
  [`${library}/access/manager`, "AccessManager"],
  [`${library}/proxy/transparent`, "TransparentUpgradeableProxy"],
] as const;

describe("the build", () => {
  it("compiles what is deployed without the tests, so a network gets the bytes that the tests have tested", () => {
    for (const [folder, name] of deployed) {
      const tests = testsAmong(sourcesOf(folder, name));
      // Hardhat keeps what an older configuration made of the same source.
      assert.deepEqual(
        tests,
        [],
        `${name} is compiled with tests: \`npx hardhat clean\`, and again`,
      );
    }
    assert.notDeepEqual(testsAmong(sourcesOf("contracts/test", "LibraryHarness")), []);
  });
});

/** What the compiler was shown when it made a contract. */
function sourcesOf(folder: string, name: string): string[] {
  const { buildInfoId } = readArtifact(folder, name);
  const file = join(root, "artifacts/build-info", `${buildInfoId}.json`);
  const { input } = JSON.parse(readFileSync(file, "utf8")) as { input: { sources: object } };
  return Object.keys(input.sources);
}

function testsAmong(sources: readonly string[]): string[] {
  return sources.filter((source) => source.includes("/test/"));
}
