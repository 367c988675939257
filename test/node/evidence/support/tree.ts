/**
 * Random trees of payments between honest devices and colluders who fork coins and try to put the blame
 * on others. What is expected is kept while the tree grows, by who signed what, not by reading records.
 */
import { type Owner, ownerOf } from "../../../../protocol/key.ts";
import type { Outpoint, Output } from "../../../../protocol/output.ts";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import { decodeRecord, encodeRecord, type SignedRecord } from "../../../../protocol/record.ts";
import { Chance } from "../../../simulation/chance.ts";
import { type Coin, coinsOf, keyOf, pay, reclaim, spend } from "../../../support/ledger-parts.ts";

const PEOPLE = 6;
const PAYMENTS_MAX = 10;

export type GrownTree = {
  readonly coins: ReadonlyMap<Outpoint, Output>;
  readonly records: readonly SignedRecord[];
  readonly expected: {
    /** Every forked coin, and whether it comes from no other fork. */
    readonly forks: ReadonlyMap<Outpoint, boolean>;
    readonly forkers: ReadonlySet<Owner>;
    /** Whom nothing stands against, among those who hold or held a coin. */
    readonly holders: ReadonlySet<Owner>;
  };
};

type Person = { readonly key: NodeSigner; readonly colludes: boolean; readonly purse: Held[] };

/** A coin in a purse: the coins it comes from, and how many payments its owner signed for it. */
type Held = Coin & { readonly from: ReadonlySet<Held>; signed: number };

export async function growTree(seed: number): Promise<GrownTree> {
  const chance = new Chance(seed);
  const people = Array.from({ length: PEOPLE }, (_, i): Person => {
    return { key: keyOf(`person ${i} of a tree`), colludes: chance.is(45), purse: [] };
  });
  const all: Held[] = [];
  const hold = (coin: Coin, owner: Person, from: ReadonlySet<Held>) => {
    const held = { ...coin, from, signed: 0 };
    owner.purse.push(held);
    all.push(held);
    return held;
  };
  const coins = new Map<Outpoint, Output>();
  for (let i = 0; i <= chance.int(3); i++) {
    const owner = chance.pick(people);
    const output = pay(owner.key, 1, 100n);
    const { outpoint } = hold({ outpoint: outpointOf(seed, i), output }, owner, new Set());
    coins.set(outpoint, output);
  }
  const records: SignedRecord[] = [];
  const payments = 4 + chance.int(PAYMENTS_MAX - 3);
  for (let counter = 0; counter < payments; counter++) {
    const payer = chance.pick(people.filter(({ purse }) => purse.length > 0));
    const inputs = chance.some(spendable(payer, chance), 1 + chance.int(2));
    if (inputs.length === 0) continue;
    const payees = [chance.pick(people), ...(chance.is(40) ? [payer] : [])];
    const outputs = payees.map(({ key }, i) => pay(key, 1, BigInt(10 + i)));
    const record = await spend({ signer: payer.key, inputs, outputs, counter });
    const from = new Set(inputs.flatMap((input) => [input, ...input.from]));
    for (const input of inputs) input.signed++;
    coinsOf(record).forEach((coin, i) => hold(coin, payees[i]!, from));
    records.push(record);
  }
  const slanders = await slander(chance, people, records, all);
  const forked = all.filter(({ signed }) => signed > 1);
  const forkers = new Set(forked.map(({ output }) => output.owner));
  const paid = all.map(({ output }) => output.owner).filter((owner) => !forkers.has(owner));
  const isFirst = ({ from }: Held) => !forked.some((coin) => from.has(coin));
  return {
    coins,
    records: chance.some([...records, ...slanders], Number.MAX_SAFE_INTEGER),
    expected: {
      forks: new Map(forked.map((coin) => [coin.outpoint, isFirst(coin)])),
      forkers,
      holders: new Set(paid),
    },
  };
}

/** What a device pays with: an honest one signs once for a coin, a colluder often again. */
function spendable({ purse, colludes }: Person, chance: Chance): Held[] {
  const isAgain = colludes && chance.is(60);
  const choice = purse.filter(({ signed }) => (isAgain ? signed > 0 : signed === 0));
  return choice.length === 0 && colludes ? [...purse] : choice;
}

/** What colluders, and honest devices that crashed, add: none of it makes a forker of anyone. */
async function slander(
  chance: Chance,
  people: readonly Person[],
  records: readonly SignedRecord[],
  all: readonly Held[],
): Promise<SignedRecord[]> {
  const added: SignedRecord[] = [];
  for (const record of chance.some(records, 2)) {
    const { key } = people.find(({ key: { publicKey } }) => same(publicKey, record.signer))!;
    const liar = chance.pick(people).key;
    const { inputs } = record;
    const outputs = [pay(liar, 1, 10n)];
    const stranger = ownerOf(liar.publicKey) !== ownerOf(key.publicKey);
    const slanders: (SignedRecord | Promise<SignedRecord>)[] = [
      record,
      // The same body signed again, as a device does that crashed before it stored the signature.
      spend({ signer: key, inputs, outputs: record.outputs, counter: record.counter }),
      remade({ ...record, counter: record.counter + 100 }),
      remade({ ...record, outputs }),
      reclaim({ signer: liar, inputs, outputs }),
    ];
    if (stranger) slanders.push(spend({ signer: liar, inputs, outputs }));
    added.push(await chance.pick(slanders));
  }
  const unspent = all.filter(({ signed }) => signed === 0);
  for (const { outpoint } of chance.some(unspent, 1)) {
    const outputs = [pay(people[0]!.key, 1, 1n)];
    const [one, two] = people.map(({ key }) => key);
    added.push(await reclaim({ signer: one!, inputs: [outpoint], outputs }));
    added.push(await reclaim({ signer: two!, inputs: [outpoint], outputs }));
  }
  return added;
}

/** A record with another body under the signature of the old one. */
function remade(record: SignedRecord): SignedRecord {
  return decodeRecord(encodeRecord(record));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Where a coin that no record of the tree made lies. */
function outpointOf(seed: number, index: number): Outpoint {
  return `0x${seed.toString(16).padStart(64, "0")}${index.toString(16).padStart(2, "0")}`;
}
