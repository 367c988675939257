/** `tallystick evidence`: fetches the file that shows a double spend, and checks one with no network. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Hex } from "../../protocol/bytes.ts";
import { type Evidence, parseEvidence } from "../../protocol/evidence.ts";
import {
  checkEvidence,
  type EvidenceFindings,
  type LossFinding,
} from "../../protocol/evidence-check.ts";
import { type Currency, formatAmount } from "../../protocol/money.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { parseHex, readText } from "../arguments.ts";
import { type Report, say } from "../report.ts";
import { type Access, nodeAt, reaching } from "../service-access.ts";
import { registerBlame } from "./evidence-blame.ts";
import { registerHistory } from "./evidence-history.ts";
import { registerPayment } from "./evidence-payment.ts";

type Options = Access & { readonly node?: string; readonly out?: string };
type VerifyOptions = {
  readonly network: string;
  readonly validators?: string;
  readonly json?: true;
};

export function registerEvidence(program: Command): void {
  const evidence = reaching(
    program
      .command("evidence")
      .description(
        "the file that shows a double spend; `verify` checks one, `blame` compares several",
      ),
  )
    .argument("<id>", "of the conflict, or of a record in it: 0x and 64 digits")
    .option("--node <url>", "the node to ask")
    .option("--out <file>", "where it is written; standard output otherwise")
    .enablePositionalOptions()
    .action(fetchEvidence);
  evidence
    .command("verify")
    .description("what an evidence file proves and what it does not, with no network")
    .argument("<file>", "the evidence file")
    .requiredOption("--network <file>", "the network file")
    .option("--validators <addresses>", "those you trust, with commas: 0x and 40 digits each")
    .option("--json", "one JSON value")
    .action(async (file: string, options: VerifyOptions) => {
      say(await verifyEvidence(file, options), options.json ?? false);
    });
  registerBlame(evidence);
  registerHistory(evidence);
  registerPayment(evidence);
}

/** @throws Refusal `not-found`; `conflict` for the winner over several losers, naming them. */
async function fetchEvidence(text: string, { node, out, ...access }: Options): Promise<void> {
  const id = parseHex(text, 32, "an id");
  if (node === undefined)
    throw new Refusal("bad-configuration", "say with --node which node to ask");
  const content = await (await nodeAt(node, access)).evidence(id);
  const { losses } = parseEvidence(content);
  if (out === undefined) {
    process.stdout.write(content);
    return;
  }
  await writeFile(out, content);
  const lines = [
    `${out}: ${losses.length === 1 ? "one coin" : `${losses.length} coins`} that a record lost.`,
    `Check it: tallystick evidence verify ${out} --network network.json`,
  ];
  say({ lines, data: {} }, false);
}

/** What `evidence verify` says of a file. @throws Refusal naming what does not hold. */
export async function verifyEvidence(file: string, options: VerifyOptions): Promise<Report> {
  const network = parseNetworkFile(await readText(options.network));
  const evidence = parseEvidence(await readText(file));
  const trusted = options.validators?.split(",").map((text) => parseHex(text, 20, "an address"));
  const trustedSet = trusted === undefined ? undefined : new Set<Hex>(trusted);
  const findings = checkEvidence(evidence, network, new NodeVerifier(), trustedSet);
  return { lines: linesOf(findings, evidence, network), data: dataOf(findings, evidence) };
}

function linesOf(findings: EvidenceFindings, { claims }: Evidence, network: NetworkFile): string[] {
  const { losses, validators } = findings;
  const isTrusted = losses.every(({ standing }) => standing === "by-trusted-validators");
  const named = validators.flatMap(({ cycle, atBlock, members }) => [
    `  cycle ${cycle}, as the registry ${network.contracts.registry} is said to have stood after block ${atBlock}:`,
    ...members.map(({ member, name, address }) => `    member ${member}, ${name}: ${address}`),
  ]);
  const references = claims.chain.map(
    ({ what, seq, blockNumber, blockHash }) =>
      `  ${what}: event ${seq} in block ${blockNumber} (${blockHash})`,
  );
  return [
    `Evidence of network ${network.networkId}, about record ${findings.loser}.`,
    "",
    "Proven by the bytes in the file:",
    ...losses.flatMap((loss) => provenLines(loss, network.currency)),
    "",
    "Proven if these are the validators of the consortium:",
    ...losses.flatMap(appliedLines),
    ...(isTrusted ? ["  They are those you named as trusted."] : named),
    "",
    "Not proven here, to be compared on chain:",
    ...(references.length === 0 ? ["  nothing is referred to"] : references),
    "",
    "Not shown by any such file: which of the two was signed first, whose name stands behind a key, and whether the loser has been paid.",
  ];
}

function provenLines({ doubleSpend }: LossFinding, currency: Currency): string[] {
  const { outpoint, amount, owner, custodian, lostId, wonId, won } = doubleSpend;
  const coin = `  Coin ${outpoint} of ${formatAmount(amount, currency)} belonged to key owner ${owner}, with member ${custodian}.`;
  if (won.kind === "spend")
    return [
      coin,
      `  That key signed two records that spend it: ${wonId} and ${lostId}. Nobody else could have.`,
    ];
  return [
    coin,
    `  That key signed record ${lostId}, which spends it.`,
    `  Member ${custodian} signed record ${wonId}, which takes the coin back.`,
  ];
}

function appliedLines({ doubleSpend: { wonId }, standing, cycle }: LossFinding): string[] {
  if (standing === "not-shown")
    return [`  nothing: its cycle had not settled, and that record ${wonId} applied is not shown.`];
  return [`  Record ${wonId} applied in cycle ${cycle}, as a quorum signed: it has the coin.`];
}

function dataOf({ loser, losses, validators }: EvidenceFindings, { claims }: Evidence) {
  return {
    loser,
    losses: losses.map(({ doubleSpend, standing, cycle }) => ({
      id: doubleSpend.id,
      outpoint: doubleSpend.outpoint,
      amount: doubleSpend.amount,
      owner: doubleSpend.owner,
      custodian: doubleSpend.custodian,
      winner: doubleSpend.wonId,
      winnerKind: doubleSpend.won.kind,
      winnerApplied: standing,
      ...(cycle === undefined ? {} : { cycle }),
    })),
    claims: { validators, chain: claims.chain },
  };
}
