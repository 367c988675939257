/**
 * Compiles the contracts and writes `node/chain/abi.ts`, by which everything of ours speaks to them:
 * nodes and gateways run without a compiler. The roles stand in the contracts' own documentation
 * (`@custom:role`), so what is documented is what a deployment sets up.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

type AbiEntry = { readonly type: string; readonly name?: string };
type Artifact = {
  readonly abi: readonly AbiEntry[];
  readonly inputSourceName: string;
  readonly contractName: string;
  readonly buildInfoId: string;
};
type Devdoc = { readonly methods?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Where the interfaces are written. */
export const abiFile = path.join(root, "node/chain/abi.ts");

/** The contracts whose interface is written, and the interface whose documentation names the roles. */
const contracts = [
  { name: "MemberRegistry", artifact: "contracts/interfaces/IMemberRegistry.sol/IMemberRegistry" },
  { name: "ReserveToken", artifact: "contracts/interfaces/IReserveToken.sol/IReserveToken" },
  { name: "Settlement", artifact: "contracts/interfaces/ISettlement.sol/ISettlement" },
  {
    name: "AccessManager",
    artifact: "@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager",
  },
  {
    name: "TransparentUpgradeableProxy",
    artifact:
      "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol/TransparentUpgradeableProxy",
  },
  {
    name: "ProxyAdmin",
    artifact: "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol/ProxyAdmin",
  },
] as const;

/** Roles of the AccessManager. 0 is its administrator, which gives and takes the others. */
const roleIds = { AUTHORITY: 1, REGULATOR: 2, MEMBER: 3, DISPUTES: 4 } as const;

/** Compiles and writes the interfaces. About 10 s when a contract changed, 2 s otherwise. */
export function build(): void {
  const hardhat = createRequire(import.meta.url).resolve("hardhat/package.json");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(path.dirname(hardhat), "dist/src/cli.js"), "build"],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the contracts do not compile:\n${stdout}${stderr}`);
  writeFileSync(abiFile, formatAbis());
}

/** The text of `node/chain/abi.ts` as the artifacts have it. */
export function formatAbis(): string {
  const parts = [
    `/**
 * Interfaces of the contracts, their errors included, and who may call what. Written by \`npm run build\`
 * from the artifacts; a test compares it with them.
 */`,
  ];
  const restricted: Record<string, Record<string, string[]>> = {};
  for (const { name, artifact } of contracts) {
    const { abi, ...source } = readArtifact(artifact);
    parts.push(`export const ${camel(name)}Abi = [\n${abi.map(formatEntry).join("")}] as const;`);
    const roles = rolesOf(source);
    if (Object.keys(roles).length > 0) restricted[name] = roles;
  }
  // Of OpenZeppelin's own functions one is called by a role: upgrades.
  restricted["ProxyAdmin"] = { AUTHORITY: ["upgradeAndCall"] };
  parts.push(
    `/** Roles of the AccessManager; 0 is its administrator. */\nexport const roles = ${JSON.stringify(roleIds)} as const;`,
    `/** The functions that each role calls through the AccessManager. Unlisted ones are its administrator's or open to all. */\nexport const restrictedFunctions = ${JSON.stringify(restricted, null, 2)} as const;`,
  );
  return `${parts.join("\n\n")}\n`;
}

function rolesOf(source: Omit<Artifact, "abi">): Record<string, string[]> {
  const roles: Record<string, string[]> = {};
  for (const [signature, documentation] of Object.entries(readDevdoc(source).methods ?? {})) {
    const role = documentation["custom:role"];
    if (role === undefined) continue;
    if (typeof role !== "string" || !(role in roleIds)) {
      throw new Error(`${source.contractName}.${signature} names an unknown role`);
    }
    (roles[role] ??= []).push(signature.slice(0, signature.indexOf("(")));
  }
  return roles;
}

function readArtifact(artifact: string): Artifact {
  return JSON.parse(readFileSync(path.join(root, "artifacts", `${artifact}.json`), "utf8"));
}

function readDevdoc({ inputSourceName, contractName, buildInfoId }: Omit<Artifact, "abi">): Devdoc {
  const folder = path.join(root, "artifacts/build-info");
  const file = readdirSync(folder).find((name) => name === `${buildInfoId}.output.json`);
  if (file === undefined) throw new Error(`${contractName} has no build information`);
  const { output } = JSON.parse(readFileSync(path.join(folder, file), "utf8"));
  return output.contracts[inputSourceName]?.[contractName]?.devdoc ?? {};
}

function formatEntry(entry: AbiEntry): string {
  return `  ${JSON.stringify(entry)},\n`;
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

if (import.meta.main) build();
