/** The parts of `tallystick audit` for one opening: asked, approved, answered, put together; and the log of all. */
import type { Command } from "commander";
import { AuditProcess } from "../../node/audit/audit-process.ts";
import { replaceHolder } from "../../node/chain/calls.ts";
import { runService } from "../../node/service/process.ts";
import { act, type DeedOptions } from "../admin/deed.ts";
import { AdminSession, answering } from "../admin/session.ts";
import { parseHex, parseWhole, wholeBetween } from "../arguments.ts";
import {
  approve,
  auditLog,
  combine,
  type CombineOptions,
  open,
  request,
  type RequestOptions,
} from "../audit/disclosure.ts";
import { addEpochOf } from "../audit/epoch.ts";
import { say } from "../report.ts";
import { reaching } from "../service-access.ts";
import { acting, authority, looking, type Privileged, privileged } from "./admin-options.ts";

/** As the contract has it. */
const DAYS_MAX = 366;

const help = `
The item says what is to be opened, and with which salt: send it to the holders with the legal basis, and to
nobody else. The chain is told the hashes of both.`;

export function registerEpoch(epoch: Command): void {
  privileged(epoch, "add <transcript>", "as the authority: make a key the one to seal to").action(
    (path: string, options: Privileged) =>
      act(options, (session) => addEpochOf(session, authority(session, options), path)),
  );
  privileged(
    epoch,
    "replace <epoch> <holder> <account>",
    "as the authority: a holder approves from another account",
  ).action((number: string, holder: string, account: string, options: Privileged) =>
    act(options, async (session) => ({
      says: `let holder ${holder} of epoch ${number} approve from ${account}`,
      does: () =>
        authority(session, options).call(
          replaceHolder(
            parseWhole(number),
            parseWhole(holder),
            parseHex(account, 20, "an account"),
          ),
        ),
    })),
  );
}

export function registerDisclosure(audit: Command): void {
  reaching(acting(audit, "request", "as a regulator: ask for an identity, or for a payment's memo"))
    .requiredOption("--node <url>", "the node to ask for what is sealed")
    .option("--owner <owner>", "whose identity: 0x and 40 digits")
    .option("--record <id>", "or whose memo: 0x and 64 digits")
    .requiredOption("--basis <file>", "the legal basis: its SHA-256 goes to the chain")
    .requiredOption("--requester <file>", "key file (P-256) that answers are sealed to")
    .option("--days <count>", "until when it may be answered", wholeBetween(1, DAYS_MAX), 30)
    .option("--out <file>", "where the item is written", "item.bin")
    .addHelpText("after", help)
    .action((options: DeedOptions & RequestOptions) =>
      act(options, (session) => request(session, options)),
    );
  acting(audit, "approve <request>", "as a holder: agree, having seen what and why")
    .requiredOption("--item <file>", "what is to be opened, as the regulator sent it")
    .requiredOption("--basis <file>", "the legal basis, as the regulator sent it")
    .action(
      (id: string, options: DeedOptions & { readonly item: string; readonly basis: string }) =>
        act(options, (session) => approve(session, parseWhole(id), options)),
    );
  audit
    .command("serve")
    .description("as a holder: answer what is granted, until it is stopped")
    .requiredOption("-c, --config <file>", "what to serve: a YAML file (docs/REGULATORS.md)")
    .action(async ({ config }: { config: string }) => {
      await runService(() => AuditProcess.load(config));
    });
  reaching(
    audit.command("open <request>").description("ask holders for their parts of a granted opening"),
  )
    .requiredOption("--item <file>", "what is to be opened")
    .requiredOption("--holder <url...>", "where holders' services listen")
    .option("--out <path>", "the answers are written to <path>-1.bin, <path>-2.bin, …", "answer")
    .option("--json", "one JSON value")
    .action(async (id: string, options: Parameters<typeof open>[1] & { readonly json?: true }) =>
      say(await open(parseWhole(id), options), options.json ?? false),
    );
  audit
    .command("combine <request> <answer...>")
    .description("put holders' parts together and open, with no network")
    .requiredOption("--item <file>", "what is to be opened")
    .requiredOption("--requester <file>", "the key file that the answers are sealed to")
    .requiredOption("--transcript <file>", "of the ceremony of the epoch's key")
    .option("--network <file>", "the network file", "network.json")
    .option("--json", "one JSON value")
    .action(
      async (
        id: string,
        answers: readonly string[],
        options: CombineOptions & { readonly json?: true },
      ) => say(await combine(parseWhole(id), answers, options), options.json ?? false),
    );
  looking(audit, "log", "who asked, on what basis, and who agreed").action(
    async (options: DeedOptions) => {
      await using session = await AdminSession.open(options);
      say(await answering(() => auditLog(session)), options.json ?? false);
    },
  );
}
