/** `tallystick audit ceremony`: an audit key made by its holders, each on its own machine. */
import type { Command } from "commander";
import { limits } from "../../protocol/limits.ts";
import {
  type CeremonyOptions,
  commit,
  finish,
  type HolderOptions,
  planCeremony,
  share,
  verify,
  verifyKey,
} from "../audit/ceremony.ts";
import { wholeBetween } from "../arguments.ts";
import { type Report, say } from "../report.ts";

type Json = { readonly json?: true };

const EPOCH_MAX = 0xffff_ffff;

const help = `
Each holder has a folder of its own for the ceremony, and sends what is new in it to the others:

  tallystick admin keys new holder holder.json                       each holder
  tallystick audit ceremony plan --threshold 2 \\
    --holder 0x…:0x…:"Central Bank" --holder … --holder …            one of them, for all
  tallystick audit ceremony commit                                   each; then pledge-*.bin to all
  tallystick audit ceremony share                                    each; then deal-*.bin to all
  tallystick audit ceremony verify                                   each; then verdict-*.bin to all
  tallystick audit ceremony finish                                   each
  tallystick audit key verify ceremony/transcript.bin                anyone`;

export function registerCeremony(ceremony: Command): void {
  ceremony.addHelpText("after", help);
  withFolder(ceremony.command("plan").description("say who is to hold shares, and how many open"))
    .requiredOption("--holder <key:account:name...>", "a holder: its key, its account, its name")
    .requiredOption(
      "--threshold <count>",
      "how many holders open together",
      wholeBetween(1, limits.shareHoldersMax),
    )
    .option("--epoch <number>", "of the key", wholeBetween(1, EPOCH_MAX), 1)
    .action(
      (
        options: CeremonyOptions &
          Json & { holder: readonly string[]; threshold: number; epoch: number },
      ) => tell(planCeremony(options, options.holder), options),
    );
  const steps = [
    ["commit", "pledge your part, before anyone shows one", commit],
    ["share", "deal to everyone, once all have committed", share],
    ["verify", "say whether your share is right, once all have dealt", verify],
  ] as const;
  for (const [name, says, act] of steps) {
    asHolder(ceremony.command(name).description(says)).action((options: HolderOptions & Json) =>
      tell(act(options), options),
    );
  }
  asHolder(ceremony.command("finish").description("write your share and the transcript"))
    .option("--share <file>", "where your share is written", "share.json")
    .action((options: HolderOptions & Json & { readonly share: string }) =>
      tell(finish(options), options),
    );
}

export function registerKey(key: Command): void {
  key
    .command("verify")
    .description("check an audit key by the transcript of its ceremony, with no network")
    .argument("<transcript>", "the file")
    .option("--network <file>", "the network file", "network.json")
    .option("--json", "one JSON value")
    .action((path: string, options: Json & { readonly network: string }) =>
      tell(verifyKey(path, options.network), options),
    );
}

function withFolder(command: Command): Command {
  return command
    .option("--folder <path>", "the ceremony's folder", "ceremony")
    .option("--network <file>", "the network file", "network.json")
    .option("--json", "one JSON value");
}

function asHolder(command: Command): Command {
  return withFolder(command)
    .option("--key <file>", "your key file", "holder.json")
    .option("--secret <file>", "your secret of this ceremony: made by commit", "secret.json");
}

async function tell(report: Promise<Report>, { json }: Json): Promise<void> {
  say(await report, json ?? false);
}
