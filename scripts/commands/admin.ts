/** `tallystick admin`: what a member's operator and the authority do on chain, each by its key file. */
import type { Command } from "commander";
import * as calls from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type MemberStatus, memberStatus } from "../../protocol/rules.ts";
import { act, type Deed, type DeedOptions, done } from "../admin/deed.ts";
import { makeKey, type PublicKey, readPublicKey } from "../admin/keys.ts";
import { parameterChange } from "../admin/parameter-change.ts";
import { withdrawableOf, withdrawReserves } from "../admin/reserves.ts";
import { parseRotation, rotated, rotationCall } from "../admin/rotation.ts";
import { AdminSession, answering } from "../admin/session.ts";
import { networkStatus, parameterLines } from "../admin/status.ts";
import { parseHex, parseWhole } from "../arguments.ts";
import { registerEmergency } from "./admin-emergency.ts";
import { registerBond } from "./admin-bond.ts";
import { registerCase } from "./admin-case.ts";
import { acting, authority, looking, type Privileged, privileged } from "./admin-options.ts";
import { registerTrustList } from "./admin-trust-list.ts";
import { admitMember, mintReserve } from "../deploy/authority.ts";
import { depositReserve } from "../deploy/operator.ts";
import { loadPlannedMember } from "../deploy/plan-file.ts";
import { say } from "../report.ts";

type RotateOptions = Privileged & {
  readonly member?: number;
  readonly address?: readonly string[];
};

const help = `
Looking needs a network file alone. What an operator does is done at once. What the authority does is
announced first and made after the network's delay: the command waits as long as --wait says, and
otherwise tells when to run it again, the same.

  tallystick admin status
  tallystick admin deposit 1000000.00 --key operator.json
  tallystick admin quota 3 5000000 --key authority.json`;

const rotateHelp = `
<key> is the new key's file, or what is public of it: a key, an address, a peer id. Issuer, treasury,
intake and validator are replaced together: those that change together belong into one command. A peer
and an operator are replaced each by a command of its own, an operator by the authority alone.

  tallystick admin rotate issuer issuer-2.json treasury treasury-2.json --key operator.json
  tallystick admin rotate operator 0x… --member 3 --key authority.json`;

export function registerAdmin(program: Command): void {
  const admin = program
    .command("admin")
    .description("look at a network's contracts, and act on them by key files")
    .addHelpText("after", help);
  looking(admin, "status", "members, reserves, cycles, parameters").action(
    async (options: DeedOptions) => {
      await using session = await AdminSession.open(options);
      say(await answering(() => networkStatus(session)), options.json ?? false);
    },
  );
  registerTrustList(admin);
  registerEmergency(admin);
  registerOperator(admin);
  registerBond(
    admin.command("bond").description("what answers for double spends and false promises"),
  );
  registerCase(
    admin.command("case").description("what bytes alone cannot decide: claims against a bond"),
  );
  registerAuthority(admin);
  registerKeys(admin.command("keys").description("make key files, and show what is public of one"));
}

/** A member's operator, at once. */
function registerOperator(admin: Command): void {
  acting(admin, "deposit <amount>", "pay reserves in: they become a coin of the vault").action(
    (text: string, options: DeedOptions) =>
      act(options, async (session) => {
        const member = await session.ownMember();
        const amount = session.parse(text);
        return {
          says: `deposit ${session.format(amount)} for member ${member}`,
          does: () => done(depositReserve(session.client, member, amount)),
        };
      }),
  );
  acting(admin, "withdraw", "take out what burns have made withdrawable").action(
    (options: DeedOptions) =>
      act(options, async (session) => {
        const member = await session.ownMember();
        const amount = await withdrawableOf(session.client, member);
        return {
          says: `withdraw ${session.format(amount)} of member ${member} to ${session.client.address}`,
          does: () => done(withdrawReserves(session.client, member)),
        };
      }),
  );
  acting(
    admin,
    "revoke <owner...>",
    "revoke devices of the member's own customers, for good",
  ).action((owners: readonly string[], options: DeedOptions) =>
    act(options, async (session) => {
      const member = await session.ownMember();
      const call = calls.revoke(owners.map((owner) => parseHex(owner, 20, "an owner")));
      return {
        says: `revoke ${owners.join(", ")} of member ${member}`,
        does: () => done(session.client.send(call)),
      };
    }),
  );
  privileged(admin, "rotate <what> <key> [more...]", `replace keys: ${rotated.join(", ")}`)
    .option("--member <number>", "as the authority, for this member", parseWhole)
    .option("--address <multiaddr...>", "where the node is reached from now on, with peer")
    .addHelpText("after", rotateHelp)
    .action((what: string, key: string, more: readonly string[], options: RotateOptions) =>
      act(options, (session) => rotation(session, [what, key, ...more], options)),
    );
}

/** The authority, after its delay. */
function registerAuthority(admin: Command): void {
  const call = (
    usage: string,
    says: string,
    make: (session: AdminSession, ...args: readonly string[]) => Promise<[string, ContractCall]>,
  ) =>
    privileged(admin, usage, says).action((...all: readonly unknown[]) => {
      const args = all.filter((each) => typeof each === "string");
      const options = all.at(-2) as Privileged;
      return act(options, async (session) => {
        const [text, made] = await make(session, ...args);
        return { says: text, does: () => authority(session, options).call(made) };
      });
    });
  call(
    "quota <member> <amount>",
    "grant how much reserve a member may hold",
    async (it, id, text) => {
      const { member, name, quota } = await it.member(parseWhole(id!));
      const amount = it.parse(text!);
      const says = `change the quota of member ${member} (${name}) from ${it.format(quota)} to ${it.format(amount)}`;
      return [says, calls.setQuota(member, amount)];
    },
  );
  call(
    "guarantee <member> <amount>",
    "set a member's guarantee; a lower one takes effect later",
    async (it, id, text) => {
      const { member, name } = await it.member(parseWhole(id!));
      const amount = it.parse(text!);
      return [
        `set the guarantee of member ${member} (${name}) to ${it.format(amount)} a device`,
        calls.setGuarantee(member, amount),
      ];
    },
  );
  const statuses: readonly (readonly [string, MemberStatus, string])[] = [
    ["suspend", memberStatus.suspended, "suspend a member: it endorses and deposits no more"],
    ["restore", memberStatus.active, "end a member's suspension"],
    ["remove", memberStatus.removed, "remove a member, for good; its coins stay money"],
  ];
  for (const [name, status, says] of statuses) {
    call(`${name} <member>`, says, async (it, id) => {
      const entry = await it.member(parseWhole(id!));
      return [
        `${name} member ${entry.member} (${entry.name})`,
        calls.setStatus(entry.member, status),
      ];
    });
  }
  privileged(admin, "admit <file>", "admit a member, described as in a deployment's plan").action(
    (path: string, options: Privileged) =>
      act(options, async (session) => {
        const { reserve, ...admission } = await loadPlannedMember(path, session.network.currency);
        // Issued with every repetition, it would be issued too often.
        if (reserve !== 0n)
          throw new Refusal(
            "bad-configuration",
            `${path}: leave "reserve" out, and issue it apart`,
          );
        return {
          says: `admit ${admission.name} as a member`,
          does: () => admitMember(authority(session, options), admission),
        };
      }),
  );
  privileged(admin, "issue <account> <amount>", "issue central-bank reserves to an account").action(
    (account: string, text: string, options: Privileged) =>
      act(options, async (session) => {
        const to = parseHex(account, 20, "an account");
        const amount = session.parse(text);
        return {
          says: `issue ${session.format(amount)} of reserves to ${to}`,
          does: () => mintReserve(authority(session, options), to, amount),
        };
      }),
  );
  call("fines <account>", "collect the fines that bonds have paid", async (it, account) => {
    const [paid] = await it.client.reader.read("disputes", "fines");
    const to = parseHex(account!, 20, "an account");
    return [`collect fines of ${it.format(paid)} to ${to}`, calls.collectFines(to)];
  });
  registerObservers(admin);
  registerParameters(admin);
}

function registerObservers(admin: Command): void {
  const observer = admin.command("observer").description("admit and remove nodes without a vote");
  privileged(observer, "add <name> <peer-id> [address...]", "admit an observer").action(
    (name: string, peerId: string, addresses: readonly string[], options: Privileged) =>
      act(options, async (session) => ({
        says: `admit the observer ${name}, ${peerId}`,
        does: () =>
          authority(session, options).call(calls.admitObserver({ name, peerId, addresses })),
      })),
  );
  privileged(observer, "remove <peer-id>", "remove an observer").action(
    (peerId: string, options: Privileged) =>
      act(options, async (session) => ({
        says: `remove the observer ${peerId}`,
        does: () => authority(session, options).call(calls.removeObserver(peerId)),
      })),
  );
}

function registerParameters(admin: Command): void {
  privileged(
    admin,
    "parameters [name=value...]",
    "show the parameters, or change some of them",
  ).action(async (changes: readonly string[], options: Privileged) => {
    if (changes.length > 0)
      return act(options, async (session) => {
        const { says, call } = parameterChange(session.client.parameters, changes);
        return { says, does: () => authority(session, options).call(call) };
      });
    await using session = await AdminSession.open(options);
    const { parameters } = session.client;
    say({ lines: parameterLines(parameters), data: parameters }, options.json ?? false);
  });
}

function registerKeys(keys: Command): void {
  const show = ({ kind, ...rest }: PublicKey, isJson: boolean) =>
    say(
      {
        lines: [kind, ...Object.entries(rest).map(([name, value]) => `${name.padEnd(9)} ${value}`)],
        data: { kind, ...rest },
      },
      isJson,
    );
  keys
    .command("new <use> <file>")
    .description("make a key file that its owner alone can read, never over another")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      `
<use> is what the key is for: issuer, treasury, intake, trust, holder, requester (P-256); validator, operator,
authority, deployer (secp256k1); peer (Ed25519); or the kind itself.`,
    )
    .action(async (use: string, file: string, { json }: { json?: true }) =>
      show(await makeKey(use, file), json ?? false),
    );
  keys
    .command("show <file>")
    .description("show what others may know of a key; the private half never")
    .option("--json", "one JSON value")
    .action(async (file: string, { json }: { json?: true }) =>
      show(await readPublicKey(file), json ?? false),
    );
}

async function rotation(
  session: AdminSession,
  args: readonly string[],
  options: RotateOptions,
): Promise<Deed> {
  const wanted = parseRotation(args, options.address);
  const byAuthority = options.member !== undefined;
  const member = await session.member(options.member ?? (await session.ownMember()));
  const { call, replacements } = await rotationCall(member, wanted, byAuthority);
  const each = replacements.map(({ what, from, to }) => `${what} ${from} by ${to}`);
  return {
    says: `replace for member ${member.member} (${member.name}): ${each.join("; ")}`,
    does: async () => {
      if (call === undefined) return { kind: "known", member: member.member };
      return byAuthority ? authority(session, options).call(call) : done(session.client.send(call));
    },
  };
}
