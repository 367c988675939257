/** One act on chain as a person sees it: what is going to happen, then what happened, and where. */
import type { AuthorityResult } from "../deploy/authority.ts";
import { type Report, say, timeText } from "../report.ts";
import { AdminSession, answering, type SessionOptions } from "./session.ts";
import { eventLine } from "./told-events.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type DeedResult = AuthorityResult | { readonly kind: "known"; readonly member: number };

/** What is to be done, in words that follow "As 0x…:", and the doing. */
export type Deed = { readonly says: string; readonly does: () => Promise<DeedResult> };

export type DeedOptions = SessionOptions & { readonly json?: true };

/** @throws Refusal `bad-configuration` without a key; as the chain and the contracts say. */
export async function act(
  options: DeedOptions,
  plan: (session: AdminSession) => Promise<Deed>,
): Promise<void> {
  if (options.key === undefined)
    throw new Refusal("bad-configuration", "say with --key whose key file is to act");
  await using session = await AdminSession.open(options);
  const { says, does } = await answering(() => plan(session));
  const isJson = options.json ?? false;
  if (!isJson) process.stdout.write(`As ${session.client.address}: ${says}\n`);
  const { lines, data } = await reportOf(session, await answering(does));
  say({ lines, data: { says, ...data } }, isJson);
}

/** What the account itself has sent. */
export async function done(
  sent: Promise<Extract<AuthorityResult, { kind: "done" }>["receipt"]>,
): Promise<AuthorityResult> {
  return { kind: "done", receipt: await sent };
}

async function reportOf(session: AdminSession, result: DeedResult): Promise<Report> {
  switch (result.kind) {
    case "known":
      return {
        lines: [`That is so already: member ${result.member}.`],
        data: { state: "known", member: result.member },
      };
    case "announced":
      return {
        lines: [
          `Announced. Run the same command again from ${timeText(result.readyAtS * 1000)} on.`,
        ],
        data: { state: "announced", readyAtS: result.readyAtS },
      };
    case "done": {
      const { transactionHash: transaction, blockNumber } = result.receipt;
      const block = Number(blockNumber);
      const events = await session.eventsOf(transaction);
      return {
        lines: [
          `Done in transaction ${transaction}, block ${block}`,
          ...events.map((event) => `  ${eventLine(event)}`),
        ],
        data: { state: "done", transaction, block, events },
      };
    }
  }
}
