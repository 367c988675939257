/**
 * Ends processes with kill -9 in a moment of their work. It watches what they write, stops them with
 * SIGSTOP where the moment may be, makes sure that it is, and only then kills; otherwise they go on, and
 * it waits for the next chance. Nothing in the processes helps it or knows of it.
 */
import { cp, readFile, rm } from "node:fs/promises";
import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Intake } from "../../gateway/intake.ts";
import { Reasons } from "../../gateway/reasons.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { LedgerStore } from "../../node/store/ledger-store.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { MEMBERS } from "../../scripts/devnet/blueprint.ts";
import type { LiveNetwork, Victim } from "./live-network.ts";
import { type LogLine, LogTail } from "./log-tail.ts";
import type { Payers } from "./payers.ts";
import { until } from "./until.ts";

/** What is on its way to the chain has come within this time: three blocks. */
const CHAIN_MS = 800;
const CHANCE_MS = 150_000;

export class Killer {
  readonly #network: LiveNetwork;
  /** How often the moment was not there when the processes stood still. */
  missed = 0;

  constructor(network: LiveNetwork) {
    this.#network = network;
  }

  /** The proposer of a batch that a quorum has endorsed and that was never sent to the chain. */
  async betweenEndorsementAndSequence(proposer: Victim): Promise<void> {
    const member = Number(proposer.name.at(-1));
    await this.#killAt(
      proposer,
      [proposer],
      ({ msg }) => msg === "a batch is endorsed",
      async ({ number }) => {
        await this.#untilSealed([member]);
        return (await this.#network.chain.batchesOf(member)) < Number(number);
      },
    );
  }

  /** A node that has the bytes of a batch, and whose cursor stands before it. */
  async betweenEventAndStore(node: Victim): Promise<void> {
    const folder = this.#network.databaseOf(node, "ledger");
    const taken = await this.#killAt(
      node,
      [node],
      ({ msg }) => msg === "the leaves of a batch are here",
      async ({ seq }) => (await inCopy(folder, cursorOf)) < Number(seq),
    );
    const cursor = await inCopy(folder, cursorOf);
    if (cursor >= Number(taken["seq"]))
      throw new Error(`the killed node had stored event ${cursor}`);
  }

  /** Every member, once one of them has worked out a checkpoint that is never sent to the chain by any. */
  async betweenCheckpointAndSettle(witness: Victim, members: readonly Victim[]): Promise<void> {
    await this.#killAt(
      witness,
      members,
      ({ msg }) => msg === "checkpoint",
      async ({ cycle }) => {
        await this.#untilSealed(MEMBERS);
        return (await this.#network.chain.reader.cycle(Number(cycle))).settledAtS === 0;
      },
    );
  }

  /** A gateway that has a request durably, and has not said so. Returns the records of the request. */
  async betweenSyncAndAnswer(
    gateway: Victim,
    payers: Payers,
    draw: () => Promise<SignedRecord[]>,
  ): Promise<SignedRecord[]> {
    const member = Number(gateway.name.at(-1));
    const folder = this.#network.databaseOf(gateway, "gateway");
    for (const end = Date.now() + CHANCE_MS; Date.now() < end; this.missed++) {
      const records = await draw();
      const hash = leafHash(records[0]!.bytes);
      let answer: "open" | "given" | "reset" = "open";
      // Every durable write of a database is noted in this file after its sync.
      const watcher = watch(join(folder, "WITNESS"), () => freeze([gateway]));
      const body = encodeLeaves(records.map(({ bytes }) => bytes));
      const answered = payers.post(member, body).then(
        () => (answer = "given"),
        () => (answer = "reset"),
      );
      await this.#untilHeld(gateway, folder, hash, () => answer !== "open");
      watcher.close();
      if (answer === "open") {
        await gateway.child.kill();
        await answered;
      } else {
        thaw([gateway]);
      }
      if ((answer as string) === "reset" && (await inCopy(folder, this.#holds(hash))))
        return records;
      if (!gateway.child.isRunning) await this.#network.restart([gateway]);
      await payers.pass(member, records);
    }
    throw new Error(`${gateway.name} could not be caught between sync and answer`);
  }

  /** Lets a gateway that is stopped at each of its writes go on until it has the leaf, or has answered. */
  async #untilHeld(
    gateway: Victim,
    folder: string,
    hash: Hex,
    isAnswered: () => boolean,
  ): Promise<void> {
    const end = Date.now() + CHANCE_MS;
    while (Date.now() < end) {
      await sleep(20);
      if (isAnswered()) return;
      if (!(await isStopped(gateway))) continue;
      if (await inCopy(folder, this.#holds(hash))) return;
      thaw([gateway]);
    }
    throw new Error(`${gateway.name} did not take the request in`);
  }

  #holds(hash: Hex) {
    return async (store: CheckedStore): Promise<boolean> => {
      const intake = await Intake.open({
        networkId: this.#network.networkId,
        member: 1,
        issuer: await this.#network.key(1, "issuer"),
        store,
        reasons: new Reasons(),
        clock: Date.now,
        leavesMax: 0,
        bytesMax: 0,
      });
      return intake.holds(hash);
    };
  }

  /** Waits until all that members, now stopped, have sent to the chain is in blocks. */
  async #untilSealed(members: readonly number[]): Promise<void> {
    await sleep(CHAIN_MS);
    const isSealed = async () => !(await this.#network.areSending(members));
    await until("the chain has sealed what was sent", isSealed, CHANCE_MS);
  }

  /** Stops `victims` when the log of `speaker` says so, and kills them if the moment is there. */
  async #killAt(
    speaker: Victim,
    victims: readonly Victim[],
    isIt: (line: LogLine) => boolean,
    isThere: (line: LogLine) => Promise<boolean>,
  ): Promise<LogLine> {
    using log = new LogTail(this.#network.logOf(speaker));
    for (const end = Date.now() + CHANCE_MS; Date.now() < end; this.missed++) {
      const line = await log.next(isIt, () => freeze(victims), CHANCE_MS);
      if (await isThere(line)) {
        await Promise.all(victims.map(({ child }) => child.kill()));
        return line;
      }
      thaw(victims);
    }
    throw new Error(`${speaker.name} could not be caught in the moment`);
  }
}

function freeze(victims: readonly Victim[]): void {
  for (const { child } of victims) process.kill(child.pid!, "SIGSTOP");
}

function thaw(victims: readonly Victim[]): void {
  for (const { child } of victims) process.kill(child.pid!, "SIGCONT");
}

/** The seq of the last event a node has stored. */
async function cursorOf(files: CheckedStore): Promise<number> {
  const state = new LedgerState(1);
  await new LedgerStore(files).load(state);
  return state.seq;
}

/** Asks a copy of a database whose process stands still or is dead: what a restart would find. */
async function inCopy<T>(folder: string, ask: (store: CheckedStore) => Promise<T>): Promise<T> {
  const copy = `${folder}.looked-at`;
  await cp(folder, copy, { recursive: true });
  try {
    await using store = await CheckedStore.open(copy);
    return await ask(store);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** As proc(5) has it: the state follows the name in parentheses. */
async function isStopped({ child }: Victim): Promise<boolean> {
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
  return stat[stat.lastIndexOf(")") + 2] === "T";
}
