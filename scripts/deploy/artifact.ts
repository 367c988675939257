/** Compiled contracts, as `npm run build` left them: what creates one, and whether one on chain is the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Interface } from "ethers";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** The contracts of a deployment, each in the folder of its source. */
const folders = {
  AccessManager: "@openzeppelin/contracts/access/manager",
  MemberRegistry: "contracts",
  ReserveToken: "contracts",
  Settlement: "contracts",
  Disputes: "contracts",
  AuditLog: "contracts",
  TransparentUpgradeableProxy: "@openzeppelin/contracts/proxy/transparent",
} as const;

export type ArtifactName = keyof typeof folders;

type Artifact = {
  readonly abi: readonly { readonly type: string }[];
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  /** Places that the constructor fills in, by variable. */
  readonly immutableReferences: Readonly<
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >;
};

/** What a transaction carries to create the contract. */
export function creationOf(name: ArtifactName, args: readonly unknown[]): Hex {
  const { abi, bytecode } = read(name);
  return `${bytecode}${new Interface(abi).encodeDeploy(args).slice(2)}`;
}

/** Whether the code of a contract on chain is this one's, whatever its constructor was given. */
export function isCodeOf(name: ArtifactName, code: Hex): boolean {
  const { deployedBytecode, immutableReferences } = read(name);
  const [expected, found] = [fromHex(deployedBytecode), fromHex(code)];
  for (const { start, length } of Object.values(immutableReferences).flat()) {
    expected.fill(0, start, start + length);
    found.fill(0, start, start + length);
  }
  return Buffer.compare(expected, found) === 0;
}

function read(name: ArtifactName): Artifact {
  const path = join(
    import.meta.dirname,
    "../../artifacts",
    folders[name],
    `${name}.sol`,
    `${name}.json`,
  );
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Artifact;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Refusal("bad-configuration", "the contracts are not compiled: run npm run build");
  }
}
