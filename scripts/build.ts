/**
 * Compiles the contracts and writes `node/chain/abi.ts`, by which everything of ours speaks to them:
 * nodes and gateways run without a compiler. The roles stand in the contracts' own documentation
 * (`@custom:role`), so what is documented is what a deployment sets up.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

type AbiEntry = {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly { readonly name: string }[];
};
type Artifact = {
  readonly abi: readonly AbiEntry[];
  readonly inputSourceName: string;
  readonly buildInfoId: string;
};
type Documentation = Readonly<Record<string, unknown>>;
type CompilerOutput = {
  /** By signature. */
  readonly devdoc: {
    readonly methods?: Readonly<Record<string, Documentation>>;
    readonly events?: Readonly<Record<string, Documentation>>;
    readonly errors?: Readonly<Record<string, readonly Documentation[]>>;
  };
  readonly storageLayout: StorageLayout;
};

/** A variable, and where it is: slot, and bytes from its start. */
export type StorageVariable = {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
};
export type StorageLayout = {
  readonly storage: readonly StorageVariable[];
  readonly types: Readonly<
    Record<string, { readonly members?: readonly StorageVariable[] }>
  > | null;
};

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Where the interfaces are written. */
export const abiFile = path.join(root, "node/chain/abi.ts");

/** The contracts whose interfaces are written, and the folder of their sources. */
const contracts = [
  { name: "MemberRegistry", folder: "contracts" },
  { name: "ReserveToken", folder: "contracts" },
  { name: "Settlement", folder: "contracts" },
  { name: "Disputes", folder: "contracts" },
  { name: "Evidence", folder: "contracts" },
  { name: "AuditLog", folder: "contracts" },
  { name: "AccessManager", folder: "@openzeppelin/contracts/access/manager" },
  { name: "TransparentUpgradeableProxy", folder: "@openzeppelin/contracts/proxy/transparent" },
  { name: "ProxyAdmin", folder: "@openzeppelin/contracts/proxy/transparent" },
] as const;

/** Functions of OpenZeppelin's own that a role calls: upgrades. */
const libraryRoles = { ProxyAdmin: { AUTHORITY: ["upgradeAndCall"] } } as const;

/** Roles of the AccessManager. 0 is its administrator, which gives and takes the others. */
const roleIds = { AUTHORITY: 1, REGULATOR: 2, MEMBER: 3 } as const;

/**
 * Compiles and writes the interfaces.
 * @param what `deployed` leaves out what tests need besides, which is more than half of the work.
 * @throws Error with what the compiler says.
 */
export function build(what: "all" | "deployed"): void {
  const hardhat = createRequire(import.meta.url).resolve("hardhat/package.json");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      path.join(path.dirname(hardhat), "dist/src/cli.js"),
      ...(what === "all" ? ["build"] : ["--no-typechain", "build", ...deployedSources()]),
    ],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the contracts do not compile:\n${stdout}${stderr}`);
  const text = formatAbis();
  if (!existsSync(abiFile) || readFileSync(abiFile, "utf8") !== text) writeFileSync(abiFile, text);
}

/** What is deployed, and the interfaces, where the roles are written. */
function deployedSources(): string[] {
  const ours = ["contracts", "contracts/interfaces"].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(".sol"))
      .map((name) => `${folder}/${name}`),
  );
  const libraries = contracts
    .filter(({ folder }) => folder.startsWith("@"))
    .map(({ name, folder }) => `npm:${folder}/${name}.sol`);
  return [...ours, ...libraries];
}

/** The text of `node/chain/abi.ts` as the artifacts have it. */
export function formatAbis(): string {
  const parts = [
    `/**
 * Interfaces of the contracts, their errors included, and who may call what. Written by \`npm run build\`
 * from the artifacts; a test compares it with them.
 */`,
  ];
  const restricted: Record<string, unknown> = {};
  for (const { name, folder } of contracts) {
    const { abi } = readArtifact(folder, name);
    parts.push(`export const ${camel(name)}Abi = [\n${abi.map(formatEntry).join("")}] as const;`);
    const functions = folder === "contracts" ? rolesOf(`I${name}`) : {};
    if (Object.keys(functions).length > 0) restricted[name] = functions;
  }
  Object.assign(restricted, libraryRoles);
  parts.push(
    `/** Roles of the AccessManager; 0 is its administrator. */\nexport const roles = ${JSON.stringify(roleIds)} as const;`,
    `/** The functions that each role calls through the AccessManager. Unlisted ones are its administrator's or open to all. */\nexport const restrictedFunctions = ${JSON.stringify(restricted, null, 2)} as const;`,
  );
  return `${parts.join("\n\n")}\n`;
}

/** The functions of an interface by the role that its documentation names. */
function rolesOf(name: string): Record<string, string[]> {
  const roles: Record<string, string[]> = {};
  const { devdoc } = readOutput("contracts/interfaces", name);
  for (const [signature, documentation] of Object.entries(devdoc.methods ?? {})) {
    const role = documentation["custom:role"];
    if (role === undefined) continue;
    if (typeof role !== "string" || !(role in roleIds)) {
      throw new Error(`${name}.${signature} names an unknown role`);
    }
    (roles[role] ??= []).push(signature.slice(0, signature.indexOf("(")));
  }
  return roles;
}

/** What the compiler says of a contract beside its code. */
export function readOutput(folder: string, name: string): CompilerOutput {
  const { inputSourceName, buildInfoId } = readArtifact(folder, name);
  const { output } = readJson(`artifacts/build-info/${buildInfoId}.output.json`);
  return output.contracts[inputSourceName][name];
}

/** @param folder that of the source. */
export function readArtifact(folder: string, name: string): Artifact {
  return readJson(`artifacts/${folder}/${name}.sol/${name}.json`);
}

function readJson(file: string) {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}

function formatEntry(entry: AbiEntry): string {
  return `  ${JSON.stringify(entry)},\n`;
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

if (import.meta.main) build(process.argv.includes("--deployed") ? "deployed" : "all");
