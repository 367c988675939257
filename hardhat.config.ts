import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatTypechain from "@nomicfoundation/hardhat-typechain";
import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

// The compiler is the npm package: nothing is downloaded.
const soljson = createRequire(import.meta.url).resolve("solc/soljson.js");

/** Of every transaction, within what Osaka allows one: to estimate it takes twice as long as to run it. */
const GAS_LIMIT = 16_000_000n;

const compiler = {
  version: "0.8.37",
  path: soljson,
  settings: {
    // More would save little and bring MemberRegistry to the limit of EIP-170.
    optimizer: { enabled: true, runs: 1000 },
    viaIR: true,
    evmVersion: "osaka",
    outputSelection: { "*": { "*": ["storageLayout", "devdoc"] } },
  },
};

/** Deployed as they are: who may call what and when, and what the contracts with state stand behind. */
const libraryContracts = [
  "@openzeppelin/contracts/access/manager/AccessManager.sol",
  "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol",
  "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol",
];

/** Who belongs to the network, its reserves and its order, and who asks for identities: about half of the code. */
const ledgerContracts = [
  "AuditLog",
  "MemberRegistry",
  "ReserveToken",
  "Reserves",
  "Settlement",
].map((name) => `contracts/${name}.sol`);

/**
 * What is deployed is compiled apart from the tests, in two jobs of about the same length: the compiler
 * generates code for every contract it is shown, asked for or not, and takes a while to warm up. The bytes
 * are the same whatever else is compiled, so a deployment puts on chain what the tests have tested.
 */
const deployed = [
  ledgerContracts,
  [
    ...readdirSync(join(import.meta.dirname, "contracts"))
      .filter((name) => name.endsWith(".sol"))
      .map((name) => `contracts/${name}`)
      .filter((file) => !ledgerContracts.includes(file)),
    ...libraryContracts,
  ],
];

/** Hardhat makes one job of the files that share one object of settings, and leaves a core free, of two as well. */
const inJobs: HardhatPlugin = {
  id: "in-jobs",
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        resolveUserConfig: async (user, resolveVariable, next) => {
          const config = await next(user, resolveVariable);
          for (const { overrides } of Object.values(config.solidity.profiles)) {
            for (const [first, ...others] of deployed) {
              for (const file of others) overrides[file] = overrides[first!]!;
            }
          }
          return config;
        },
      }),
    }),
    solidity: async () => ({
      default: async () => ({
        build: (context, roots, options, next) =>
          next(context, roots, { ...options, concurrency: availableParallelism() }),
      }),
    }),
  },
};

export default defineConfig({
  plugins: [
    hardhatEthers,
    hardhatMocha,
    hardhatChaiMatchers,
    hardhatNetworkHelpers,
    hardhatTypechain,
    inJobs,
  ],
  solidity: {
    compilers: [compiler],
    overrides: Object.fromEntries(deployed.flat().map((root) => [root, compiler])),
    npmFilesToBuild: libraryContracts,
  },
  // Its namespaces fail erasableSyntaxOnly otherwise.
  typechain: { tsNocheck: true },
  test: {
    mocha: { timeout: 180_000 },
    // No honest action may be refused. Five invariants, each with runs of its own.
    solidity: { fuzz: { runs: 128 }, invariant: { runs: 32, depth: 100, failOnRevert: true } },
  },
  networks: {
    // Osaka has the P-256 precompile, Prague has not.
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka", gas: GAS_LIMIT },
    prague: { type: "edr-simulated", chainType: "l1", hardfork: "prague", gas: GAS_LIMIT },
  },
});
