/**
 * What a member that turned can do with the order of leaves and with their bytes. It has a vote on what is
 * sequenced, and a place in the order; it never has a say in what applies.
 */
import { randomBytes } from "node:crypto";
import type { Hex } from "../../../protocol/bytes.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { encodeRecord, recordId, signRecord } from "../../../protocol/record.ts";
import type { Attack } from "../attack.ts";
import type { Person } from "../person.ts";
import { Rogue, type Sequenced } from "../rogue.ts";
import type { Stage } from "../stage.ts";

/** Whose place the rogue takes. */
const ROGUE = 4;

/** One pays another, who pays a third; nobody has synced. */
async function chainOfPayments(stage: Stage): Promise<{ people: Person[]; ids: Hex[] }> {
  const amount = stage.chance.amount(50_00n, 100_00n);
  const people = await Promise.all([
    stage.person("payer", 1),
    stage.person("payee", 2),
    stage.person("payee", 1),
  ]);
  const [payer, middle, last] = people as [Person, Person, Person];
  await payer.load([amount]);
  const ids = [await payer.pay(middle, amount), await middle.pay(last, amount)];
  return { people, ids };
}

/** The records that a payee holds, parents first. */
function recordsOf(person: Person) {
  return person.purse.pending().map(({ record }) => record);
}

/** @throws Error unless the batch came on chain. */
function mustBeSequenced(result: Sequenced): void {
  if (!result.isOnChain) throw new Error(`it was not sequenced: ${result.refusals.join(", ")}`);
}

const earlyChildren: Attack = {
  name: "early-children",
  tried: "a member sequences children before their parents, so that they do not apply",
  async run(stage) {
    const { people, ids } = await chainOfPayments(stage);
    const [, , last] = people as [Person, Person, Person];
    const leaves = recordsOf(last).map(({ bytes }) => bytes);
    {
      await using rogue = await Rogue.rise(stage, ROGUE);
      mustBeSequenced(await rogue.sequence(leaves.toReversed()));
    }
    await last.sync();
    await stage.applied(ids);
    return {
      cheats: [],
      honest: people,
      happened: ["the child did not apply; it did when its holder's bank put it forward"],
    };
  },
};

const badWitness: Attack = {
  name: "bad-witness",
  tried:
    "a member sequences the bodies of others' payments first, under a stranger's signature and under one that does not hold",
  async run(stage) {
    const { people, ids } = await chainOfPayments(stage);
    const [, , last] = people as [Person, Person, Person];
    const records = recordsOf(last);
    const thief = await stage.person("accomplice", 1);
    const signedByThief = await Promise.all(
      records.map((record) => signRecord(stage.networkId, record, thief.signer)),
    );
    const broken = records.map((record) =>
      encodeRecord({ ...record, signature: thiefsSignature(record.signature) }),
    );
    let refused: Sequenced;
    {
      await using rogue = await Rogue.rise(stage, ROGUE);
      mustBeSequenced(await rogue.sequence(signedByThief.map(({ bytes }) => bytes)));
      refused = await rogue.sequence(broken);
    }
    if (refused.isOnChain) throw new Error("a batch with bad signatures was sequenced");
    for (const [i, record] of signedByThief.entries()) {
      if (recordId(stage.networkId, record.body) !== ids[i]) throw new Error("it has another id");
    }
    await last.sync();
    await stage.applied(ids);
    return {
      cheats: [],
      honest: people,
      happened: [
        "under the stranger's signature the same ids were sequenced and did not apply; the true ones did after them",
        `broken signatures were endorsed by ${refused.endorsed} members: ${[...new Set(refused.refusals)].join(", ")}`,
      ],
    };
  },
};

/** Another r, as long and as low as the true one. */
function thiefsSignature(signature: Uint8Array): Uint8Array {
  const changed = signature.slice();
  changed[10]! ^= 1;
  return changed;
}

const withheldBytes: Attack = {
  name: "withheld-bytes",
  tried:
    "a member puts forward a batch and keeps its bytes back, so that nodes wait for them for ever",
  async run(stage) {
    const { people, ids } = await chainOfPayments(stage);
    const [payer, , last] = people as [Person, Person, Person];
    const stranger = NodeSigner.generate();
    const leaves = await Promise.all(
      recordsOf(last).map((record) =>
        signRecord(stage.networkId, { ...record, nonce: randomBytes(16) }, stranger),
      ),
    );
    let result: Sequenced;
    {
      await using rogue = await Rogue.rise(stage, ROGUE);
      result = await rogue.sequence(
        leaves.map(({ bytes }) => bytes),
        true,
      );
      if (result.isOnChain) throw new Error("a batch nobody has seen was sequenced");
      await Promise.all([payer.sync(), last.sync()]);
      await stage.applied(ids);
    }
    return {
      cheats: [],
      honest: people,
      happened: [
        `${result.endorsed} members endorsed it (${[...new Set(result.refusals)].join(", ")}); payments applied meanwhile`,
      ],
    };
  },
};

export const rogueMember = [earlyChildren, badWitness, withheldBytes];
