/** `tallystick audit verify` and `supply`: the history folded again here, and the money that comes of it. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { RefoldProgress } from "../../node/refold/refold.ts";
import type { DeedOptions } from "../admin/deed.ts";
import { AdminSession, answering } from "../admin/session.ts";
import { parseHex } from "../arguments.ts";
import {
  type HistoryOptions,
  supplyReport,
  unspentStatement,
  verifyHistory,
} from "../audit/history.ts";
import { say } from "../report.ts";
import { reaching } from "../service-access.ts";
import { looking } from "./admin-options.ts";

const help = `
The chain says what is in each batch by its root, so it does not matter whose bytes are read: give any node's
API, or the data folder of one that is stopped. With --folder the ledger is kept, and the next run goes on there.`;

/** How often progress is told. */
const TOLD_MS = 2_000;

export function registerHistory(audit: Command): void {
  const commands = [
    ["verify", "fold the whole history again, and compare every checkpoint", verifyHistory],
    ["supply", "issued, redeemed, held by each member, in dispute: proven here", supplyReport],
  ] as const;
  for (const [name, says, report] of commands) {
    fromBatches(looking(audit, name, says))
      .option("--folder <path>", "where the ledger is kept for the next time")
      .addHelpText("after", help)
      .action(async (options: DeedOptions & HistoryOptions) => {
        await using session = await AdminSession.open(options);
        say(await answering(() => report(session, options, teller())), options.json ?? false);
      });
  }
  fromBatches(
    looking(
      audit,
      "unspent <outpoint>",
      "the file that shows a coin unspent at the last settlement",
    ),
  )
    .requiredOption("--out <file>", "where it is written")
    .action(
      async (text: string, options: DeedOptions & HistoryOptions & { readonly out: string }) => {
        await using session = await AdminSession.open(options);
        const outpoint = parseHex(text, 33, "an outpoint");
        const content = await answering(() =>
          unspentStatement(session, outpoint, options, teller()),
        );
        await writeFile(options.out, content);
        const check = `tallystick evidence verify-coin ${options.out} --network network.json`;
        say(
          { lines: [`${options.out} is written. Check it: ${check}`], data: { file: options.out } },
          options.json ?? false,
        );
      },
    );
}

function fromBatches(command: Command): Command {
  return reaching(
    command
      .option("--node <url>", "a node that has the bytes of batches")
      .option("--data <folder>", "or the data folder of a node that is stopped"),
  );
}

/** Progress on standard error: what is said at the end stays alone on standard output. */
function teller(): (progress: RefoldProgress) => void {
  const started = performance.now();
  let told = started;
  return ({ seq, of, leaves }) => {
    const now = performance.now();
    if (now - told < TOLD_MS) return;
    told = now;
    const rate = Math.round((leaves * 1000) / (now - started));
    process.stderr.write(`event ${seq} of ${of}, ${leaves} leaves, ${rate} a second\n`);
  };
}
