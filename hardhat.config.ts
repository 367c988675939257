import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatTypechain from "@nomicfoundation/hardhat-typechain";
import { defineConfig } from "hardhat/config";

// The compiler is the npm package: nothing is downloaded.
const soljson = createRequire(import.meta.url).resolve("solc/soljson.js");

export default defineConfig({
  plugins: [
    hardhatEthers,
    hardhatMocha,
    hardhatChaiMatchers,
    hardhatNetworkHelpers,
    hardhatTypechain,
  ],
  solidity: {
    compilers: [
      {
        version: "0.8.37",
        path: soljson,
        settings: {
          optimizer: { enabled: true, runs: 200 },
          viaIR: true,
          evmVersion: "osaka",
          outputSelection: { "*": { "*": ["storageLayout", "devdoc"] } },
        },
      },
    ],
    // Deployed as they are: who may call what and when, and what MemberRegistry and Settlement stand behind.
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol",
      "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol",
    ],
  },
  // Its namespaces fail erasableSyntaxOnly otherwise.
  typechain: { tsNocheck: true },
  test: {
    mocha: { timeout: 60_000 },
    // No honest action may be refused. Five invariants, each with runs of its own.
    solidity: { fuzz: { runs: 128 }, invariant: { runs: 32, depth: 100, failOnRevert: true } },
  },
  networks: {
    // Osaka has the P-256 precompile, Prague has not.
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    prague: { type: "edr-simulated", chainType: "l1", hardfork: "prague" },
  },
});
