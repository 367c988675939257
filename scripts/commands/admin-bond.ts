/** `tallystick admin bond`: what a member pays double spends and false promises from. */
import type { Command } from "commander";
import { releaseBond, requestRelease } from "../../node/chain/calls.ts";
import { bondReport } from "../admin/bonds.ts";
import { act, type DeedOptions, done } from "../admin/deed.ts";
import { AdminSession, answering } from "../admin/session.ts";
import { parseWhole } from "../arguments.ts";
import { addToBond } from "../deploy/operator.ts";
import { say } from "../report.ts";
import { acting, looking } from "./admin-options.ts";

type DepositOptions = DeedOptions & { readonly member?: number };

export function registerBond(bond: Command): void {
  looking(bond, "show [member]", "what bonds hold, what waits for them, what is to leave").action(
    async (member: string | undefined, options: DeedOptions) => {
      await using session = await AdminSession.open(options);
      const number = member === undefined ? undefined : parseWhole(member);
      say(await answering(() => bondReport(session, number)), options.json ?? false);
    },
  );
  acting(bond, "deposit <amount>", "add reserves to a bond; nodes pay what waited for it")
    .option("--member <number>", "another member's bond: anyone may add to it", parseWhole)
    .action((text: string, options: DepositOptions) =>
      act(options, async (session) => {
        const member = options.member ?? (await session.ownMember());
        const { name } = await session.member(member);
        const amount = session.parse(text);
        return {
          says: `add ${session.format(amount)} to the bond of member ${member} (${name})`,
          does: () => done(addToBond(session.client, member, amount)),
        };
      }),
    );
  acting(bond, "request <amount>", "ask for part of the bond back; 0 takes that back").action(
    (text: string, options: DeedOptions) =>
      act(options, async (session) => {
        const member = await session.ownMember();
        const amount = session.parse(text);
        return {
          says: `ask for ${session.format(amount)} of the bond of member ${member}`,
          does: () => done(session.client.send(requestRelease(amount))),
        };
      }),
  );
  acting(bond, "release", "take out what was asked for, once its time has come").action(
    (options: DeedOptions) =>
      act(options, async (session) => {
        const member = await session.ownMember();
        const { leaving } = await session.client.reader.bond(member);
        return {
          says: `release up to ${session.format(leaving)} of the bond of member ${member} to ${session.client.address}`,
          does: () => done(session.client.send(releaseBond())),
        };
      }),
  );
}
