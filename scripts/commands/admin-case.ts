/** `tallystick admin case`: opened and answered by members, ruled on by a regulator, enforced by anyone. */
import { sha256 } from "#sha256";
import type { Command } from "commander";
import { answerCase, enforce, ruleCase } from "../../node/chain/calls.ts";
import type { Award } from "../../node/chain/disputes.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { caseReport, casesReport, closingsOf, firstTaken, readCase } from "../admin/cases.ts";
import { claimOf } from "../admin/claim.ts";
import { readBytes, readClaimFile } from "../admin/claim-file.ts";
import { act, type DeedOptions, done } from "../admin/deed.ts";
import { AdminSession, answering } from "../admin/session.ts";
import { parseHex, parseWhole } from "../arguments.ts";
import { say } from "../report.ts";
import { acting, authority, looking, type Privileged, privileged } from "./admin-options.ts";

type OpenOptions = DeedOptions & {
  readonly coin?: string;
  readonly certificate?: string;
  readonly award?: readonly string[];
  readonly issuer?: string;
  readonly argument?: string;
};

const NOTHING: Hex = `0x${"00".repeat(32)}`;

const openHelp = `
<file> is the evidence of a double spend that no report pays ("tallystick evidence"), or what the payee's
device was shown ("tallystick wallet proof"), or a receipt or a certificate alone. The last record of what a
device was shown says who is to be paid, unless --award does.

  tallystick admin case open evidence.json --key operator.json
  tallystick admin case open shown.bundle --argument letter.pdf --key operator.json
  tallystick admin case open receipt.bin --award 0x…:2:74.03 --key operator.json`;

export function registerCase(cases: Command): void {
  looking(cases, "list", "cases that have not ended")
    .option("--all", "those too that have")
    .action(async (options: DeedOptions & { readonly all?: true }) => {
      await using session = await AdminSession.open(options);
      const report = await answering(() => casesReport(session, options.all ?? false));
      say(report, options.json ?? false);
    });
  looking(cases, "show <case>", "one of them, and who may do what until when").action(
    async (caseId: string, options: DeedOptions) => {
      await using session = await AdminSession.open(options);
      const report = await answering(() => caseReport(session, parseWhole(caseId)));
      say(report, options.json ?? false);
    },
  );
  registerParties(cases);
  registerRuling(cases);
}

/** The members. */
function registerParties(cases: Command): void {
  acting(cases, "open <file>", "claim of another member's bond what is owed to a customer")
    .option("--coin <outpoint>", "of several coins in the file, the one it is about")
    .option("--certificate <owner>", "it is about the certificate of this key, and not a receipt")
    .option("--award <owner:member:amount...>", "who is to be paid for a false promise")
    .option("--issuer <key>", "the issuer key that signed, if the member has another by now")
    .option("--argument <file>", "what else is put forward: its SHA-256 goes to the chain")
    .addHelpText("after", openHelp)
    .action((path: string, options: OpenOptions) =>
      act(options, async (session) => {
        const file = await readClaimFile(fromHex(session.network.networkId, 32), path);
        const { coin, certificate, award, issuer, argument } = options;
        const { says, call } = await claimOf(session, file, {
          coin: coin === undefined ? undefined : parseHex(coin, 33, "an outpoint"),
          certificate:
            certificate === undefined ? undefined : parseHex(certificate, 20, "an owner"),
          awards: award?.map((text) => parseAward(session, text)),
          issuer: issuer === undefined ? undefined : parseHex(issuer, 33, "a key"),
          argument: argument === undefined ? NOTHING : await hashOf(argument),
        });
        return { says, does: () => done(session.client.send(call)) };
      }),
    );
  acting(
    cases,
    "answer <case> <file>",
    "answer a claim: the SHA-256 of the answer goes to the chain",
  )
    .addHelpText("after", "\nThe regulator needs the file itself, byte for byte: give it there.")
    .action((text: string, path: string, options: DeedOptions) =>
      act(options, async (session) => {
        const { caseId } = await readCase(session, parseWhole(text));
        const answer = await hashOf(path);
        return {
          says: `answer case ${caseId} with ${path}, whose SHA-256 is ${answer}`,
          does: () => done(session.client.send(answerCase(caseId, answer))),
        };
      }),
    );
}

/** The regulator, and anyone once the time has come. */
function registerRuling(cases: Command): void {
  privileged(cases, "rule <case> <party>", 'as the regulator: for the "claimant" or the "accused"')
    .addHelpText(
      "after",
      "\nAgainst the claimant at any time; for the claimant after the answer, or its deadline.",
    )
    .action((text: string, party: string, options: Privileged) =>
      act(options, async (session) => {
        const isUpheld = parseParty(party) === "claimant";
        const { caseId, claimant, accused, amount } = await readCase(session, parseWhole(text));
        const words = isUpheld
          ? `member ${accused} pays ${session.format(amount)}`
          : `nothing is paid to member ${claimant}`;
        return {
          says: `rule on case ${caseId} for the ${party}: ${words}`,
          does: () => authority(session, options).call(ruleCase(caseId, isUpheld)),
        };
      }),
    );
  acting(cases, "enforce <case>", "have a ruling for the claimant paid; anyone may").action(
    (text: string, options: DeedOptions) =>
      act(options, async (session) => {
        const { caseId, accused, amount } = await readCase(session, parseWhole(text));
        return {
          says: `enforce case ${caseId}: ${session.format(amount)} from the bond of member ${accused}`,
          does: () => done(session.client.send(enforce(caseId))),
        };
      }),
  );
  acting(cases, "close <case>", "end a case whose time has passed; anyone may").action(
    (text: string, options: DeedOptions) =>
      act(options, async (session) => {
        const entry = await readCase(session, parseWhole(text));
        const { client } = session;
        const closings = closingsOf(entry, Date.now(), client.parameters.claimPeriodS);
        const { says, call } = await firstTaken(client, closings);
        return {
          says: `close case ${entry.caseId}: ${says}`,
          does: () => done(client.send(call)),
        };
      }),
  );
}

/** "0x…:2:74.03". @throws Refusal `malformed`. */
function parseAward(session: AdminSession, text: string): Award {
  const [owner, member, amount, ...rest] = text.split(":");
  if (owner === undefined || member === undefined || amount === undefined || rest.length > 0)
    throw new Refusal("malformed", `"${text}" is not an award: owner:member:amount`);
  return {
    owner: parseHex(owner, 20, "an owner"),
    custodian: parseWhole(member),
    amount: session.parse(amount),
  };
}

function parseParty(text: string): "claimant" | "accused" {
  if (text === "claimant" || text === "accused") return text;
  throw new Refusal("malformed", `"${text}" is neither "claimant" nor "accused"`);
}

async function hashOf(path: string): Promise<Hex> {
  return toHex(sha256(await readBytes(path)));
}
