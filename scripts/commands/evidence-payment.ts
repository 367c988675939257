/** `tallystick evidence payment` and `coin`, and their `verify-…`: what shows one payment or one coin, and a payment that a party shows, checked with no network. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Hex } from "../../protocol/bytes.ts";
import type { ValidatorSet } from "../../protocol/evidence.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { type Currency, formatAmount } from "../../protocol/money.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { lock, type Outpoint, type Output } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { checkPaymentStatement, parsePaymentStatement } from "../../protocol/payment-statement.ts";
import { checkPresentation, parsePresentation } from "../../protocol/presentation.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { StateEntry } from "../../protocol/state-entry.ts";
import { checkStateStatement, parseStateStatement } from "../../protocol/state-statement.ts";
import { parseHex, readText } from "../arguments.ts";
import { presentationReport } from "../presentation-report.ts";
import { type Report, say, timeText } from "../report.ts";
import { type Access, nodeAt, reaching } from "../service-access.ts";

type FetchOptions = Access & { readonly node: string; readonly out: string };
type CheckOptions = {
  readonly network: string;
  readonly validators?: string;
  readonly json?: true;
};

export function registerPayment(evidence: Command): void {
  fetching(
    evidence,
    "payment <id>",
    "the file that shows that one payment applied, and nothing else",
  ).action(async (text: string, { node, out, ...access }: FetchOptions) => {
    const content = await (await nodeAt(node, access)).statement(parseHex(text, 32, "an id"));
    parsePaymentStatement(content);
    await keep(out, content, "one payment, and who signed that it applied", "verify-payment");
  });
  fetching(
    evidence,
    "coin <outpoint>",
    "the file that shows one coin unspent at the last settlement",
  ).action(async (text: string, { node, out, ...access }: FetchOptions) => {
    const outpoint = parseHex(text, 33, "an outpoint");
    const content = await (await nodeAt(node, access)).coinStatement(outpoint);
    parseStateStatement(content);
    await keep(out, content, "one coin, and who signed that it stood unspent", "verify-coin");
  });
  checking(
    evidence,
    "verify-payment <file>",
    "what such a file proves and what it does not",
  ).action(async (file: string, options: CheckOptions) =>
    say(await verifyPayment(file, options), options.json ?? false),
  );
  checking(evidence, "verify-coin <file>", "the same of a coin").action(
    async (file: string, options: CheckOptions) =>
      say(await verifyCoin(file, options), options.json ?? false),
  );
  checking(
    evidence,
    "verify-presentation <file>",
    'the same of a payment that a party to it shows ("tallystick wallet show")',
  )
    .requiredOption("--words <text>", "those that you asked to be shown it in")
    .action(async (file: string, options: CheckOptions & { readonly words: string }) =>
      say(await verifyPresentation(file, options), options.json ?? false),
    );
}

/** What `evidence verify-presentation` says of a file. @throws Refusal naming what does not hold. */
export async function verifyPresentation(
  file: string,
  options: CheckOptions & { readonly words: string },
): Promise<Report> {
  const network = parseNetworkFile(await readText(options.network));
  const presentation = parsePresentation(await readText(file));
  const found = checkPresentation(
    presentation,
    options.words,
    network,
    new NodeVerifier(),
    trustedIn(options),
  );
  const { lines, data } = presentationReport(found, network.currency);
  const { claims } = presentation.payment;
  return {
    lines: [
      ...lines,
      "",
      "Proven by signatures of the party that shows it and of the payer; that it settled, and whose banks' keys these are, if these are the validators of the consortium:",
      ...validatorLines(claims.validators, found.standing === "by-trusted-validators"),
      "",
      "Not shown: any other payment. The record in the file says besides what the payer had back as change. A name is its bank's word; a party without one is a key.",
    ],
    data: { ...data, claims },
  };
}

/** What `evidence verify-coin` says of a file. @throws Refusal naming what does not hold. */
async function verifyCoin(file: string, options: CheckOptions): Promise<Report> {
  const network = parseNetworkFile(await readText(options.network));
  const statement = parseStateStatement(await readText(file));
  const { entry, cycle, seq, standing } = checkStateStatement(
    statement,
    network,
    trustedIn(options),
  );
  const { outpoint, output: coin } = coinOf(entry);
  const { claims } = statement;
  return {
    lines: [
      `Coin ${outpoint} of ${formatAmount(coin.amount, network.currency)}, of key owner ${coin.owner}, with member ${coin.custodian}.`,
      "",
      `Proven if these are the validators of the consortium: it stood unspent at the end of cycle ${cycle}, after event ${seq}, as a quorum signed.`,
      ...validatorLines(claims.validators, standing === "by-trusted-validators"),
      "",
      "Not shown: what became of it since.",
    ],
    data: { outpoint, ...coin, cycle, seq, standing, claims },
  };
}

/** @throws Refusal naming what does not hold. */
async function verifyPayment(file: string, options: CheckOptions): Promise<Report> {
  const network = parseNetworkFile(await readText(options.network));
  const statement = parsePaymentStatement(await readText(file));
  const found = checkPaymentStatement(statement, network, new NodeVerifier(), trustedIn(options));
  const { id, record, cycle, standing } = found;
  const payer = ownerOf(record.signer);
  return {
    lines: [
      `Record ${id}, signed by key owner ${payer}, which dated it ${timeText(record.time)}:`,
      ...record.outputs.map((output) => outputLine(output, payer, network.currency)),
      "",
      `Proven if these are the validators of the consortium: it applied in cycle ${cycle}, as a quorum signed, and is final.`,
      ...validatorLines(statement.claims.validators, standing === "by-trusted-validators"),
      "",
      "Not shown: what its money came from, what became of it, and whose names stand behind the keys.",
    ],
    data: {
      id,
      payer,
      cycle,
      standing,
      time: record.time,
      outputs: record.outputs.map(({ owner, custodian, amount }) => ({ owner, custodian, amount })),
      claims: statement.claims,
    },
  };
}

/** @throws Refusal `malformed`. */
function coinOf(entry: StateEntry): { readonly outpoint: Outpoint; readonly output: Output } {
  if (entry.kind === "coin") return entry;
  throw new Refusal("malformed", "the statement is not of a coin");
}

function fetching(evidence: Command, usage: string, says: string): Command {
  return reaching(evidence.command(usage).description(says))
    .requiredOption("--node <url>", "the node to ask")
    .requiredOption("--out <file>", "where it is written");
}

function checking(evidence: Command, usage: string, says: string): Command {
  return evidence
    .command(usage)
    .description(`${says}, with no network`)
    .requiredOption("--network <file>", "the network file")
    .option("--validators <addresses>", "those you trust, with commas: 0x and 40 digits each")
    .option("--json", "one JSON value");
}

async function keep(out: string, content: string, what: string, check: string): Promise<void> {
  await writeFile(out, content);
  const lines = [
    `${out}: ${what}.`,
    `Check it: tallystick evidence ${check} ${out} --network network.json`,
  ];
  say({ lines, data: {} }, false);
}

function outputLine(output: Output, payer: Owner, currency: Currency): string {
  const amount = formatAmount(output.amount, currency);
  if (output.lock === lock.burn)
    return `  ${amount} leaves the ledger, at member ${output.custodian}`;
  if (output.lock === lock.claim)
    return `  ${amount} to whoever has the code, at member ${output.custodian}`;
  const whose =
    output.owner === payer ? "back to itself, at" : `to key owner ${output.owner}, with`;
  return `  ${amount} ${whose} member ${output.custodian}`;
}

function trustedIn({ validators }: CheckOptions): ReadonlySet<Hex> | undefined {
  const addresses = validators?.split(",").map((text) => parseHex(text, 20, "an address"));
  return addresses && new Set<Hex>(addresses);
}

function validatorLines({ atBlock, members }: ValidatorSet, isTrusted: boolean): string[] {
  if (isTrusted) return ["  They are those you named as trusted."];
  return [
    `  As the registry is said to have stood after block ${atBlock}:`,
    ...members.map(({ member, name, address }) => `    member ${member}, ${name}: ${address}`),
  ];
}
