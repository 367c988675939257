/**
 * Where the proxied contracts keep their state. The committed file is what deployed networks have: an
 * upgrade may add behind it and must move nothing. Written by hand, so that a change is seen:
 * `node scripts/storage-layout.ts` after `npm run build`.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readOutput, type StorageLayout, type StorageVariable } from "./build.ts";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const proxied = ["MemberRegistry", "Settlement", "Disputes", "AuditLog"] as const;

/** Where the layout is committed. */
export const layoutFile = path.join(root, "contracts/storage-layout.json");

/** The layout of the compiled contracts, as the committed file has it. */
export function formatLayouts(): string {
  const layouts = proxied.map((name) => [
    name,
    describe(readOutput("contracts", name).storageLayout),
  ]);
  return `${JSON.stringify(Object.fromEntries(layouts), null, 2)}\n`;
}

/** The variables, and below them the structs that they are made of, each as `slot.offset name: type`. */
function describe({ storage, types }: StorageLayout): Record<string, string[]> {
  const lines = (variables: readonly StorageVariable[]) =>
    variables.map(
      ({ slot, offset, label, type }) => `${slot}.${offset} ${label}: ${withoutIds(type)}`,
    );
  const structs = Object.entries(types ?? {}).flatMap(([type, { members }]) =>
    members === undefined ? [] : [[withoutIds(type), lines(members)] as const],
  );
  structs.sort(([a], [b]) => (a < b ? -1 : 1));
  return { storage: lines(storage), ...Object.fromEntries(structs) };
}

/** A type's name without the compiler's numbers, which change with any source. */
function withoutIds(type: string): string {
  return type.replace(/\)\d+/g, ")").replace(/_storage/g, "");
}

if (import.meta.main) writeFileSync(layoutFile, formatLayouts());
