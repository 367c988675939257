/** `tallystick console`: the token that opens a node's web console, and the link that carries it. */
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { type NodeConfig, NodeConfigSchema } from "../../node/config.ts";
import { consoleLink } from "../../node/console/console.ts";
import { loadConfig } from "../../node/service/config-file.ts";
import { createTokenFile, loadToken } from "../../node/service/token-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { say } from "../report.ts";

const help = `
A node serves its console where its node.yaml says so:

  console: { port: 7111, token: keys/console.token }

Whoever has the link may look at everything the console shows, and change nothing. A new token file, and a
restart of the node, shut out whoever has the old one.`;

export function registerConsole(program: Command): void {
  const command = program
    .command("console")
    .description("the token that opens a node's web console, and its link")
    .addHelpText("after", help);
  command
    .command("token")
    .description("make a token that only you may read")
    .argument("<file>", "where it is written; never over another")
    .action(async (file: string) => {
      await createTokenFile(file);
      say({ lines: [`${file}: name it in node.yaml, under console.token.`], data: {} }, false);
    });
  command
    .command("link")
    .description("the link that opens a node's console")
    .requiredOption("-c, --config <file>", "the node's configuration")
    .action(async ({ config }: { readonly config: string }) => {
      say({ lines: [await linkIn(config)], data: {} }, false);
    });
}

/** @throws Refusal `bad-configuration` where no console is configured; `exposed-key`. */
async function linkIn(path: string): Promise<string> {
  const config: NodeConfig = await loadConfig(path, NodeConfigSchema);
  if (config.console === undefined)
    throw new Refusal("bad-configuration", `${path} names no console`);
  const { host, port, token, tls } = config.console;
  const url = `${tls === undefined ? "http" : "https"}://${host}:${port}`;
  return consoleLink(url, await loadToken(resolve(dirname(path), token)));
}
