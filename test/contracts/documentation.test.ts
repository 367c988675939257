/** Whoever integrates with the contracts reads the interfaces: they leave no parameter out. */
import { expect } from "chai";
import { readArtifact, readOutput } from "../../scripts/build.ts";

const folder = "contracts/interfaces";

/** What OpenZeppelin documents. */
const erc20 = [
  "Approval",
  "Transfer",
  "allowance",
  "approve",
  "balanceOf",
  "transfer",
  "transferFrom",
];

describe("the interfaces of the contracts", () => {
  for (const name of [
    "IMemberRegistry",
    "IReserveToken",
    "ISettlement",
    "IDisputes",
    "IEvidence",
    "IAuditLog",
  ]) {
    it(`document every parameter of every function, event and error of ${name}`, () => {
      const { methods, events, errors } = readOutput(folder, name).devdoc;
      const documented = new Map<string, readonly string[]>();
      const all = { ...methods, ...events, ...errors };
      for (const [signature, documentation] of Object.entries(all)) {
        const { params } = [documentation].flat()[0] as { params?: object };
        documented.set(signature.slice(0, signature.indexOf("(")), Object.keys(params ?? {}));
      }
      for (const { name: entry, inputs = [] } of readArtifact(folder, name).abi) {
        if (entry === undefined || erc20.includes(entry) || inputs.length === 0) continue;
        const names = inputs.map((input) => input.name);
        expect(documented.get(entry), entry).to.have.members(names);
      }
    });
  }
});
