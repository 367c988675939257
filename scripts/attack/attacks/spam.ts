/** Strangers, a customer and a member flood the consortium, while two people want to pay each other. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFrame } from "../../../node/gossip/frame.ts";
import { encodeLeaves } from "../../../protocol/leaf-list.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Attack } from "../attack.ts";
import { inParallel } from "../patience.ts";
import type { Person } from "../person.ts";
import { Rogue } from "../rogue.ts";
import type { Stage } from "../stage.ts";
import { spendUnknownCoins } from "../unknown-coins.ts";

const ROGUE = 4;
/** Requests of each kind to each gateway, none like another. */
const REQUESTS = 4;
/** Leaves of one request. */
const LEAVES = 500;
const FRAMES = 40;
const FRAME_PAUSE_MS = 50;
const WIDTH = 4;
const OCTETS = { "content-type": "application/octet-stream" };

export const spam: Attack = {
  name: "spam",
  tried:
    "floods of bytes that are no leaves, of leaves that nobody signed, of spends of coins that never were, and of bad frames from a member, while people pay",
  async run(stage) {
    const amount = stage.chance.amount(50_00n, 100_00n);
    const [payer, payee, spammer] = await Promise.all([
      stage.person("payer", 1),
      stage.person("payee", 2),
      stage.person("spammer", 1),
    ]);
    await payer.load([amount]);
    await using rogue = await Rogue.rise(stage, ROGUE);
    const flood = Promise.all([floodGateways(stage, spammer), floodPeers(rogue)]);
    const paid = await payer.pay(payee, amount);
    const start = performance.now();
    await payee.sync();
    await stage.applied([paid]);
    const ms = Math.round(performance.now() - start);
    const [answers, shutOut] = await flood;
    const counted = [...Map.groupBy(answers, (status) => status)].map(
      ([status, all]) => `${all.length} answered ${status}`,
    );
    return {
      cheats: [],
      honest: [payer, payee],
      happened: [
        `${answers.length} requests with ${LEAVES} leaves each: ${counted.join(", ")}`,
        `the member that sent bad frames was shut out by ${shutOut} of its peers`,
        `the payment made meanwhile applied everywhere within ${ms} ms`,
      ],
    };
  },
};

/** Leaves of one request. */
type Noise = readonly Uint8Array[];

/** One of each kind: no leaf, forged, of a coin that never was. */
async function makeNoise(stage: Stage, spammer: Person): Promise<Noise[]> {
  const unknown = await spendUnknownCoins(stage, spammer.signer, LEAVES);
  const forged = unknown.map((bytes) => {
    const leaf = bytes.slice();
    // Into the signature, which stands before two empty lengths.
    leaf[leaf.length - 20]! ^= 1;
    return leaf;
  });
  return [unknown.map(() => new Uint8Array(randomBytes(200))), forged, unknown];
}

/** @returns the status of each answer. */
async function floodGateways(stage: Stage, spammer: Person): Promise<number[]> {
  const places = stage.devnet.network.gateways.flatMap((place) =>
    Array.from({ length: REQUESTS }, () => place),
  );
  const answers = await inParallel(places, WIDTH, async ({ url }) => {
    const statuses: number[] = [];
    for (const leaves of await makeNoise(stage, spammer)) {
      const body = Uint8Array.from(encodeLeaves(leaves));
      const answer = await fetch(`${url}/v1/leaves`, { method: "POST", headers: OCTETS, body });
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
    return statuses;
  });
  return answers.flat();
}

/** For as long as a member has patience with it. @returns how many shut the rogue out. */
async function floodPeers(rogue: Rogue): Promise<number> {
  const shut = new Set<string>();
  rogue.host.on("disconnected", (peer) => shut.add(peer));
  for (let i = 0; i < FRAMES; i++) {
    await rogue.gossip(randomBytes(300));
    await rogue.gossip(encodeFrame([randomBytes(limits.leafBytesMax)]));
    await sleep(FRAME_PAUSE_MS);
  }
  if (shut.size === 0) throw new Error("no peer minds bad frames");
  return shut.size;
}
