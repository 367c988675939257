/**
 * Counting everything: each purse beside the ledger, each member's coins beside its reserves and its bond on
 * chain, and the identities of the ledger with both sides. What does not agree ends the demo.
 */
import type { ContractReader } from "../../node/chain/reader.ts";
import type { Identities } from "../../node/client.ts";
import { MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import type { Devnet } from "../devnet/network.ts";
import { SHOP } from "../devnet/online-blueprint.ts";
import { Staff } from "./staff.ts";
import { banks, counterOf, type Name, nodes, type People, type Stage } from "./stage.ts";
import { short, type Story } from "./story.ts";

/** What is left at the end, amounts as decimal strings of minor units. */
export type Count = {
  /** Of the devices, what is in the purse; of the members, coins in custody. */
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly {
    readonly cycle: number;
    readonly member: number;
    readonly delta: string;
    readonly withdrawn: string;
  }[];
  readonly bonds: Readonly<Record<string, string>>;
  /** Paid from bonds, and held for the authority. */
  readonly fines: string;
  readonly stateRoots: Readonly<Record<string, string>>;
  readonly identities: Readonly<
    Record<string, { readonly ledger: string; readonly chain: string }>
  >;
};

/** The bonds, and the fines that were paid from them. */
export type Guarantees = {
  readonly bonds: ReadonlyMap<number, bigint>;
  readonly fines: bigint;
};

export async function countAll(stage: Stage, people: People): Promise<Count> {
  const { devnet, story } = stage;
  const purses = await countPurses(stage, people);
  story.say("");
  const { custody, guarantees } = await countMembers(stage);
  story.say("");
  const reports = await Promise.all(nodes.map((node) => devnet.client(node).identities()));
  const identities = checkIdentities(story, reports[0]!);
  const stateRoots = Object.fromEntries(
    nodes.map((node, i) => [
      node === OBSERVER ? "observer" : `member${node}`,
      reports[i]!.stateRoot,
    ]),
  );
  if (new Set(Object.values(stateRoots)).size !== 1)
    throw new Error(`state roots differ: ${JSON.stringify(stateRoots)}`);
  const { stateRoot, seq } = reports[0]!;
  story.say("");
  story.step(`all ${nodes.length} nodes have state root ${short(stateRoot)} after event ${seq}`);
  return {
    balances: { ...purses, ...custody },
    positions: await positionsOf(devnet),
    bonds: Object.fromEntries(
      [...guarantees.bonds].map(([member, bond]) => [`member${member}`, String(bond)]),
    ),
    fines: String(guarantees.fines),
    stateRoots,
    identities,
  };
}

/** @throws Error if the contract has less than all reserves, bonds and fines together. */
export async function readGuarantees(reader: ContractReader): Promise<Guarantees> {
  const { accounts, tokens } = await reader.settlement();
  const entries = await Promise.all(MEMBERS.map((member) => reader.bond(member)));
  const bonds = new Map(entries.map(({ member, amount }) => [member, amount]));
  const fines: bigint = (await reader.read("disputes", "fines"))[0];
  const owed = [
    ...accounts.flatMap(({ reserve, withdrawable }) => [reserve, withdrawable]),
    ...bonds.values(),
  ].reduce((sum, amount) => sum + amount, fines);
  if (tokens < owed) throw new Error(`the contract holds ${tokens}, and owes ${owed}`);
  return { bonds, fines };
}

async function countPurses(stage: Stage, people: People): Promise<Record<string, string>> {
  const { devnet, story } = stage;
  const observer = devnet.client(OBSERVER);
  const counted = await Promise.all(
    (Object.keys(people) as Name[]).map(async (name) => {
      const device = people[name];
      const { total } = await device.call("balance");
      const { owner } = await device.call("identity");
      const onLedger = await observer.enrolment(owner);
      if (onLedger.balance !== String(total))
        throw new Error(
          `${device.name} counts ${total} in its purse, the ledger ${onLedger.balance}`,
        );
      const account = await counterOf(stage, name).account(name);
      const cells = [total, BigInt(account.available)].map((amount) => story.money(amount));
      const row = [`device ${device.name}`, `member ${banks[name]}`, ...cells];
      return { name: device.name, total, row };
    }),
  );
  const { label, member, merchant } = SHOP;
  const shop = await new Staff(devnet.staffUrl(member)).account(merchant);
  const head = ["", "bank", "in the purse, and on the ledger", "in the account"];
  story.table(head, [
    ...counted.map(({ row }) => row),
    [label, `member ${member}`, "", story.money(BigInt(shop.available))],
  ]);
  return Object.fromEntries(counted.map(({ name, total }) => [name, String(total)]));
}

async function countMembers({ devnet, story }: Stage) {
  const members = await devnet.client(OBSERVER).members();
  await using chain = await devnet.chainOf(1);
  await chain.start();
  const { accounts } = await chain.reader.settlement();
  const guarantees = await readGuarantees(chain.reader);
  const rows = members.map(({ member, custody }) => {
    const { reserve, withdrawable } = accounts.find((each) => each.member === member)!;
    const amounts = [BigInt(custody), reserve, withdrawable, guarantees.bonds.get(member)!];
    return [`member ${member}`, ...amounts.map((amount) => story.money(amount))];
  });
  rows.push(["fines, for the central bank", "", "", "", story.money(guarantees.fines)]);
  story.table(["", "coins in custody", "reserve on chain", "withdrawable", "bond on chain"], rows);
  const custody = Object.fromEntries(
    members.map(({ member, custody: coins }) => [`member${member}`, coins]),
  );
  return { custody, guarantees };
}

function checkIdentities(story: Story, { rows }: Identities): Count["identities"] {
  const named = Object.entries(rows);
  story.table(
    ["identity", "ledger (full scan)", "chain (contracts)", ""],
    named.map(([name, { ledger, chain, holds }]) => [
      name,
      ledger,
      chain,
      holds ? "holds" : "FAILS",
    ]),
  );
  const failing = named.filter(([, { holds }]) => !holds).map(([name]) => name);
  if (failing.length > 0) throw new Error(`identities fail: ${failing.join(", ")}`);
  return Object.fromEntries(named.map(([name, { ledger, chain }]) => [name, { ledger, chain }]));
}

async function positionsOf(devnet: Devnet): Promise<Count["positions"]> {
  const checkpoints = await devnet.client(1).checkpoints();
  return checkpoints
    .toSorted((a, b) => a.number - b.number)
    .flatMap(({ number, positions }) => positions.map((row) => ({ cycle: number, ...row })));
}
