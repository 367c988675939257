/** `tallystick evidence payment`, `verify-payment` and `verify-coin`: what shows one payment or one coin, checked with no network. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { NodeClient } from "../../node/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { checkCoinStatement, parseCoinStatement } from "../../protocol/coin-statement.ts";
import type { ValidatorSet } from "../../protocol/evidence.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { type Currency, formatAmount } from "../../protocol/money.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { lock, type Output } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { checkPaymentStatement, parsePaymentStatement } from "../../protocol/payment-statement.ts";
import { parseHex, readText } from "../arguments.ts";
import { type Report, say, timeText } from "../report.ts";

type FetchOptions = { readonly node: string; readonly out: string };
type CheckOptions = {
  readonly network: string;
  readonly validators?: string;
  readonly json?: true;
};

export function registerPayment(evidence: Command): void {
  evidence
    .command("payment")
    .description("the file that shows that one payment applied, and nothing else")
    .argument("<id>", "of the record: 0x and 64 digits")
    .requiredOption("--node <url>", "the node to ask")
    .requiredOption("--out <file>", "where it is written")
    .action(async (text: string, { node, out }: FetchOptions) => {
      const content = await new NodeClient({ url: node }).statement(parseHex(text, 32, "an id"));
      parsePaymentStatement(content);
      await writeFile(out, content);
      const lines = [
        `${out}: one payment, and who signed that it applied.`,
        `Check it: tallystick evidence verify-payment ${out} --network network.json`,
      ];
      say({ lines, data: {} }, false);
    });
  for (const [name, says, verify] of [
    ["verify-payment", "what such a file proves and what it does not", verifyPayment],
    ["verify-coin", 'the same of a coin ("tallystick audit unspent")', verifyCoin],
  ] as const) {
    evidence
      .command(name)
      .description(`${says}, with no network`)
      .argument("<file>", "the file")
      .requiredOption("--network <file>", "the network file")
      .option("--validators <addresses>", "those you trust, with commas: 0x and 40 digits each")
      .option("--json", "one JSON value")
      .action(async (file: string, options: CheckOptions) => {
        say(await verify(file, options), options.json ?? false);
      });
  }
}

/** What `evidence verify-coin` says of a file. @throws Refusal naming what does not hold. */
export async function verifyCoin(file: string, options: CheckOptions): Promise<Report> {
  const network = parseNetworkFile(await readText(options.network));
  const statement = parseCoinStatement(await readText(file));
  const found = checkCoinStatement(statement, network, trustedIn(options));
  const { coin, cycle, seq, standing } = found;
  const { outpoint, claims } = statement;
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
export async function verifyPayment(file: string, options: CheckOptions): Promise<Report> {
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
