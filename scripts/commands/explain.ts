/** `tallystick explain`: what a refusal's code means, and where a record is and why. */
import type { Command } from "commander";
import { nearest } from "../../node/service/nearest.ts";
import { Refusal, type RefusalCode, refusalCodes } from "../../protocol/refusal.ts";
import { fetchJson } from "../fetch-json.ts";
import { type Report, say } from "../report.ts";

type Options = { readonly node?: string; readonly gateway?: string; readonly json?: true };

export function registerExplain(program: Command): void {
  program
    .command("explain")
    .description("what a refusal means; or where a record or an enrolment is, and why")
    .argument("<code-or-id>", 'a code such as "spent", or an id: 0x and 64 digits')
    .option("--node <url>", "the node to ask about an id")
    .option("--gateway <url>", "the gateway to ask about an id")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      `
Codes need no network: ${Object.keys(refusalCodes).join(", ")}.`,
    )
    .action(async (what: string, options: Options) => {
      const report = /^0x/i.test(what) ? await explainId(what, options) : explainCode(what);
      say(report, options.json ?? false);
    });
}

/** @throws Refusal `not-found` with the code that was probably meant. */
function explainCode(text: string): Report {
  const code = text.toLowerCase();
  if (!Object.hasOwn(refusalCodes, code)) {
    const meant = nearest(code, Object.keys(refusalCodes));
    const hint = meant === undefined ? "" : `: did you mean ${meant}?`;
    throw new Refusal("not-found", `no refusal has the code "${text}"${hint}`);
  }
  const { status, gossip, retry, remedy } = refusalCodes[code as RefusalCode];
  return {
    lines: [
      `${code} (HTTP ${status})`,
      remedy,
      retry
        ? "The same input may be taken later."
        : "The same input is refused again, however often it comes.",
    ],
    data: { code, status, gossip, retry, remedy },
  };
}

/** Nodes and gateways answer on the same path. */
async function explainId(text: string, { node, gateway }: Options): Promise<Report> {
  const id = text.toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(id))
    throw new Refusal("malformed", `"${text}" is no id: 0x and 64 digits`);
  const url = node ?? gateway;
  if (url === undefined)
    throw new Refusal("bad-configuration", "say with --node or --gateway whom to ask about an id");
  const answer = await fetchJson(`${url.replace(/\/+$/, "")}/v1/records/${id}/explain`);
  const { sentences } = answer;
  if (!Array.isArray(sentences))
    throw new Refusal("unavailable", `${url} is neither a node nor a gateway`);
  return { lines: [id, ...sentences.map(String)], data: answer };
}
