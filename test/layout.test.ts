/**
 * The arrows between the parts, and the one file through which each heavy dependency enters. Each rule is
 * shown to hold here, and to catch what breaks it.
 */
import { expect } from "chai";
import {
  cycles,
  type ImportGraph,
  importsOf,
  reach,
  readImportGraph,
  withoutStarted,
  withoutTypes,
} from "./support/imports.ts";

/** What the files under a path may import of ours: the nearest path decides. */
const arrows: Record<string, readonly string[]> = {
  "protocol/": ["protocol/"],
  "web/": ["web/", "protocol/"],
  "device/": ["device/", "protocol/"],
  "device/web/": ["device/", "web/", "protocol/"],
  "device/conformance/": ["device/conformance/", "device/node-keys.ts", "protocol/"],
  "node/": ["node/", "protocol/"],
  "node/ledger/": ["node/ledger/", "protocol/"],
  "node/service/": ["node/service/", "protocol/"],
  "node/web/": ["node/web/", "node/api/", "node/trace/start.ts", "web/", "protocol/"],
  "gateway/": ["gateway/", "node/client.ts", "node/service/", "protocol/"],
  "scripts/": ["scripts/", "protocol/", "device/", "node/", "gateway/"],
  "test/": ["test/", "scripts/", "protocol/", "device/", "node/", "gateway/"],
  "hardhat.config.ts": [],
};

/** Parts of a node that meet in none of themselves: node/assembly.ts puts them together. */
const apart = ["node/gossip/", "node/chain/", "node/store/", "node/api/"];

/** Where each heavy dependency comes in. Tests may use any. */
const doors: readonly { readonly packages: RegExp; readonly files: readonly string[] }[] = [
  { packages: /^level$/, files: ["node/service/level-database.ts"] },
  { packages: /^(@?libp2p|@multiformats)(\/|$)/, files: ["node/gossip/"] },
  { packages: /^ethers(\/|$)/, files: ["node/chain/", "scripts/deploy/", "scripts/bench/"] },
  { packages: /^pg(\/|$)/, files: ["gateway/postgres/database.ts", "scripts/devnet/postgres.ts"] },
  { packages: /^@?fastify(\/|$)/, files: ["node/service/http-server.ts"] },
  { packages: /^(pino|prom-client)(\/|$)/, files: ["node/service/telemetry.ts"] },
  { packages: /^yaml(\/|$)/, files: ["node/service/config-file.ts", "scripts/"] },
  { packages: /^ajv(\/|$)/, files: ["node/service/schema-check.ts"] },
  { packages: /^commander(\/|$)/, files: ["scripts/"] },
  { packages: /^jose(\/|$)/, files: ["gateway/staff/"] },
  { packages: /^@hpke\//, files: ["protocol/hpke.ts"] },
  { packages: /^hyparquet-writer(\/|$)/, files: ["scripts/export/parquet.ts"] },
  { packages: /^qr(\/|$)/, files: ["device/qr/qr-code.ts"] },
  { packages: /^preact(\/|$)/, files: ["device/web/", "gateway/web/", "node/web/"] },
  { packages: /^xmllint-wasm(\/|$)/, files: ["gateway/banking/schema-check.ts"] },
  { packages: /^esbuild(\/|$)/, files: ["scripts/"] },
  {
    packages: /^(hardhat|solc|@nomicfoundation)(\/|$)/,
    files: [
      "hardhat.config.ts",
      "scripts/devnet/chain.ts",
      "scripts/build.ts",
      "scripts/bench/",
      "scripts/postinstall.mjs",
    ],
  },
];

describe("the layout", () => {
  const graph = readImportGraph();

  it("lets arrows point one way between protocol, device, node, gateway, scripts and test", () => {
    expect(graph.get("protocol/record.ts")).to.include("protocol/bytes.ts");
    expect(wrongArrows(graph)).to.deep.equal([]);
  });

  it("names a file that imports against an arrow", () => {
    const wrong = [
      ["protocol/a.ts", "device/purse.ts"],
      ["device/a.ts", "node/client.ts"],
      ["device/a.ts", "gateway/routes.ts"],
      ["device/conformance/a.ts", "device/purse.ts"],
      ["node/ledger/a.ts", "node/store/keys.ts"],
      ["node/service/a.ts", "node/config.ts"],
      ["gateway/a.ts", "node/node.ts"],
      ["node/a.ts", "gateway/gateway.ts"],
      ["node/a.ts", "scripts/devnet/chain.ts"],
      ["gateway/a.ts", "test/support/leaves.ts"],
      ["scripts/a.ts", "test/support/leaves.ts"],
      ["hardhat.config.ts", "protocol/bytes.ts"],
    ] as const;
    for (const [file, imported] of wrong) {
      expect(wrongArrows(new Map([[file, [imported]]]))).to.deep.equal([`${file} → ${imported}`]);
    }
    expect(
      wrongArrows(new Map([["gateway/a.ts", ["node/client.ts", "node/service/a.ts"]]])),
    ).to.deep.equal([]);
  });

  it("lets none of gossip, chain, store and API of a node load another", () => {
    // What a part is given, it may name as a type.
    expect(met(readImportGraph(withoutTypes))).to.deep.equal([]);
    expect(met(new Map([["node/gossip/a.ts", ["node/store/b.ts"]]]))).to.have.length(1);
    expect(
      met(new Map([["node/assembly.ts", ["node/store/b.ts", "node/api/c.ts"]]])),
    ).to.deep.equal([]);
  });

  it("lets each heavy dependency in through its own door", () => {
    expect(pastDoors(graph)).to.deep.equal([]);
    for (const name of [
      "level",
      "libp2p",
      "@libp2p/noise",
      "ethers",
      "fastify",
      "pino",
      "hardhat",
    ]) {
      expect(pastDoors(new Map([["gateway/a.ts", [name]]])), name).to.have.length(1);
    }
    expect(pastDoors(new Map([["node/chain/chain-client.ts", ["ethers"]]]))).to.deep.equal([]);
  });

  it("has no import cycles", () => {
    // What is named as a type alone is not there when it runs, and what is started runs by itself.
    const loaded = readImportGraph((source) => withoutStarted(withoutTypes(source)));
    expect(cycles(loaded)).to.deep.equal([]);
    const round = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["b.ts"]],
    ]);
    expect(cycles(round)).to.deep.equal(["b.ts → c.ts → b.ts", "c.ts → b.ts → c.ts"]);
  });

  it("reaches nothing of Node's from what runs in browsers", () => {
    const entries = [...graph.keys()].filter(
      (file) =>
        (file.startsWith("protocol/") && !file.endsWith("-node.ts")) || file === "device/purse.ts",
    );
    expect(entries).to.include("protocol/hpke.ts");
    expect(entries.flatMap((entry) => nodeReached(graph, entry))).to.deep.equal([]);
    expect(nodeReached(graph, "protocol/p256-node.ts")).to.have.length.above(0);
  });

  it("sees every form of import", () => {
    const source = `import a from "./a.ts";
import type { B } from "../b.ts";
import {
  c,
  d,
} from "./c.ts";
export { e } from "./e.ts";
import "./f.ts";
const g = await import("./g.ts");
new Worker(new URL("./h.ts", import.meta.url));
createRequire(import.meta.url); require("i");`;
    expect(importsOf("x/y.ts", withoutTypes(source)))
      .to.have.length(7)
      .and.not.include("b.ts");
    expect(importsOf("x/y.ts", withoutStarted(source)))
      .to.have.length(7)
      .and.not.include("x/h.ts");
    expect(importsOf("x/y.ts", source).toSorted()).to.deep.equal(
      ["b.ts", "i", "x/a.ts", "x/c.ts", "x/e.ts", "x/f.ts", "x/g.ts", "x/h.ts"].toSorted(),
    );
  });
});

function wrongArrows(graph: ImportGraph): string[] {
  return edges(graph)
    .filter(([file, imported]) => {
      if (!isOurs(imported)) return false;
      const allowed = arrows[nearest(file)];
      return allowed === undefined || !allowed.some((path) => imported.startsWith(path));
    })
    .map(arrow);
}

function met(graph: ImportGraph): string[] {
  return edges(graph)
    .filter(([file, imported]) => {
      const from = apart.find((path) => file.startsWith(path));
      const to = apart.find((path) => imported.startsWith(path));
      return from !== undefined && to !== undefined && from !== to;
    })
    .map(arrow);
}

function pastDoors(graph: ImportGraph): string[] {
  return edges(graph)
    .filter(([file, imported]) => {
      const door = doors.find(({ packages }) => packages.test(imported));
      return door !== undefined && ![...door.files, "test/"].some((path) => file.startsWith(path));
    })
    .map(arrow);
}

/** The ways from an entry to a module of Node's, `#sha256` and its like being the portable ones there. */
function nodeReached(graph: ImportGraph, entry: string): string[] {
  return [...reach(graph, entry)]
    .filter(([name]) => name.startsWith("node:"))
    .map(([, way]) => way.join(" → "));
}

function edges(graph: ImportGraph): [string, string][] {
  return [...graph].flatMap(([file, imports]) =>
    imports.map((imported): [string, string] => [file, imported]),
  );
}

function arrow([file, imported]: [string, string]): string {
  return `${file} → ${imported}`;
}

/** The longest path with arrows of its own under which a file stands. */
function nearest(file: string): string {
  const paths = Object.keys(arrows).filter((path) => file.startsWith(path));
  return paths.reduce((longest, path) => (path.length > longest.length ? path : longest), "");
}

/** Whether an import names one of our files: packages have no folder of ours and `#sha256` and its like no folder at all. */
function isOurs(imported: string): boolean {
  return Object.keys(arrows).some((path) => imported.startsWith(path));
}
