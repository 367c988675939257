/** `tallystick explain`: what a refusal's code means, and where a record is and why. */
import { type Command, Option } from "commander";
import { refusalsEn } from "../../device/web/words/refusals-en.ts";
import { refusalsZh } from "../../device/web/words/refusals-zh.ts";
import { mutualFetch } from "../../node/service/mutual-fetch.ts";
import { nearest } from "../../node/service/nearest.ts";
import { isRefusalCode, Refusal, refusalCodes } from "../../protocol/refusal.ts";
import { type Language, languages, wordsOf } from "../../protocol/refusal-words.ts";
import { fetchJson } from "../fetch-json.ts";
import { type Report, say } from "../report.ts";
import { type Access, reaching, tlsOf } from "../service-access.ts";

type Options = Access & {
  readonly lang: Language;
  readonly node?: string;
  readonly gateway?: string;
  readonly json?: true;
};

/** Besides the table's own words: what comes before what wallets show, and whether to try again. */
const phrases = {
  en: {
    shown: "A wallet says: ",
    again: "The same input may be taken later.",
    never: "The same input is refused again, however often it comes.",
  },
  zh: {
    shown: "钱包显示：",
    again: "同样的输入稍后可能被接受。",
    never: "同样的输入无论提交多少次都会被拒绝。",
  },
} as const satisfies Record<Language, object>;

/** What the wallet's pages show. */
const shown = { en: refusalsEn, zh: refusalsZh } as const;

export function registerExplain(program: Command): void {
  reaching(
    program
      .command("explain")
      .description("what a refusal means; or where a record or an enrolment is, and why"),
  )
    .argument("<code-or-id>", 'a code such as "spent", or an id: 0x and 64 digits')
    .addOption(
      new Option("--lang <language>", "of what a code means, or a node says of an id")
        .choices(languages)
        .default("en"),
    )
    .option("--node <url>", "the node to ask about an id")
    .option("--gateway <url>", "the gateway to ask about an id")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      `
Codes need no network: ${Object.keys(refusalCodes).join(", ")}.`,
    )
    .action(async (what: string, options: Options) => {
      const report = /^0x/i.test(what)
        ? await explainId(what, options)
        : explainCode(what, options.lang);
      say(report, options.json ?? false);
    });
}

/** @throws Refusal `not-found` with the code that was probably meant. */
function explainCode(text: string, language: Language): Report {
  const code = text.toLowerCase();
  if (code === "internal") {
    const words = wordsOf(code, language);
    const lines = [`${code} (HTTP 500): ${words.title}`, words.remedy];
    return { lines, data: { code, status: 500, ...words } };
  }
  if (!isRefusalCode(code)) {
    const meant = nearest(code, Object.keys(refusalCodes));
    const hint = meant === undefined ? "" : `: did you mean ${meant}?`;
    throw new Refusal("not-found", `no refusal has the code "${text}"${hint}`);
  }
  const { status, gossip, retry } = refusalCodes[code];
  const { title, remedy } = wordsOf(code, language);
  const say = phrases[language];
  return {
    lines: [
      `${code} (HTTP ${status}): ${title}`,
      remedy,
      retry ? say.again : say.never,
      say.shown + shown[language][code],
    ],
    data: { code, status, gossip, retry, title, remedy, shown: shown[language][code] },
  };
}

/** Nodes and gateways answer on the same path. */
async function explainId(
  text: string,
  { lang, node, gateway, ...access }: Options,
): Promise<Report> {
  const id = text.toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(id))
    throw new Refusal("malformed", `"${text}" is no id: 0x and 64 digits`);
  const url = node ?? gateway;
  if (url === undefined)
    throw new Refusal("bad-configuration", "say with --node or --gateway whom to ask about an id");
  // A gateway says it in English.
  const language = node === undefined ? "" : `?language=${lang}`;
  const tls = await tlsOf(access);
  const send = tls === undefined ? fetch : mutualFetch(tls);
  const answer = await fetchJson(
    `${url.replace(/\/+$/, "")}/v1/records/${id}/explain${language}`,
    send,
  );
  const { sentences } = answer;
  if (!Array.isArray(sentences))
    throw new Refusal("unavailable", `${url} is neither a node nor a gateway`);
  return { lines: [id, ...sentences.map(String)], data: answer };
}
