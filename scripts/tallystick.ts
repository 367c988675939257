#!/usr/bin/env node
/** The command: one sub-command a file in `commands/`. Refusals are printed with what to do; bugs with their stack. */
import { Command } from "commander";
import { refusalText } from "../node/service/process.ts";
import { isRefusal } from "../protocol/refusal.ts";
import { shareCompileCache } from "./compile-cache.ts";

shareCompileCache();

const program = new Command("tallystick")
  .description("Offline digital-cash payments between devices, settled by a consortium of banks")
  .version("0.1.0")
  .showHelpAfterError()
  .enablePositionalOptions();

// Each is loaded only if it is asked for: a wallet starts without a node's libraries.
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  devnet: async () => (await import("./commands/devnet.ts")).registerDevnet,
  deploy: async () => (await import("./commands/deploy.ts")).registerDeploy,
  node: async () => (await import("./commands/node.ts")).registerNode,
  gateway: async () => (await import("./commands/gateway.ts")).registerGateway,
  admin: async () => (await import("./commands/admin.ts")).registerAdmin,
  audit: async () => (await import("./commands/audit.ts")).registerAudit,
  evidence: async () => (await import("./commands/evidence.ts")).registerEvidence,
  trace: async () => (await import("./commands/trace.ts")).registerTrace,
  export: async () => (await import("./commands/export.ts")).registerExport,
  console: async () => (await import("./commands/console.ts")).registerConsole,
  explain: async () => (await import("./commands/explain.ts")).registerExplain,
  conformance: async () => (await import("./commands/conformance.ts")).registerConformance,
  wallet: async () => (await import("./commands/wallet.ts")).registerWallet,
  online: async () => (await import("./commands/online.ts")).registerOnline,
  card: async () => (await import("./commands/card.ts")).registerCard,
  terminal: async () => (await import("./commands/terminal.ts")).registerTerminal,
};

const asked = process.argv[2];
const wanted =
  asked !== undefined && Object.hasOwn(commands, asked) ? [asked] : Object.keys(commands);
for (const name of wanted) (await commands[name]!())(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!isRefusal(error)) throw error;
  process.stderr.write(refusalText(error));
  process.exitCode = 1;
}
