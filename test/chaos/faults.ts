/** What goes wrong, and for how long: processes end at once or stand still, and lines between them are cut or dead. */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Victim } from "../support/live-network.ts";
import type { ChaosNetwork } from "./chaos-network.ts";

export const faultKinds = ["kill", "stop", "cut", "dead", "chain", "all"] as const;
export type FaultKind = (typeof faultKinds)[number];

export type FaultsOptions = {
  /** Between one fault's end and the next, on the average. */
  readonly pauseMs: number;
  readonly random: () => number;
  readonly tell: (text: string) => void;
};

/** Of a hundred faults, so many of each kind. */
const shares: Readonly<Record<FaultKind, number>> = {
  kill: 36,
  stop: 22,
  cut: 20,
  dead: 14,
  chain: 5,
  all: 3,
};
const CHAIN = "the chain";
/** How long one lasts at most. Longer than a request may take, so that some are given up. */
const LASTS_MS = 12_000;
/** How long a port that is taken is waited for. */
const PORT_MS = 120_000;

export class Faults {
  readonly counts = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]));
  readonly #network: ChaosNetwork;
  readonly #options: FaultsOptions;
  /** Names of the processes that a fault has killed and will start again. */
  readonly #down = new Set<string>();

  constructor(network: ChaosNetwork, options: FaultsOptions) {
    this.#network = network;
    this.#options = options;
  }

  /** Does one after another, and sometimes two at once, until `forMs` are over; then everything is well again. */
  async run(forMs: number): Promise<void> {
    const { random, pauseMs } = this.#options;
    for (const end = Date.now() + forMs; Date.now() < end; ) {
      await sleep(2 * pauseMs * random());
      const kinds = random() < 0.25 ? [this.#draw(), this.#draw()] : [this.#draw()];
      const victims = this.#shuffled(this.#network.victims);
      await Promise.all(kinds.map((kind, i) => this.#do(kind, victims[i]!)));
    }
  }

  async #do(kind: FaultKind, victim: Victim): Promise<void> {
    const { random, tell } = this.#options;
    const { links, victims } = this.#network;
    const lastsMs = LASTS_MS * random();
    this.counts.set(kind, this.counts.get(kind)! + 1);
    const seconds = `${(lastsMs / 1000).toFixed(1)} s`;
    switch (kind) {
      case "kill":
        tell(`${victim.name} is killed for ${seconds}`);
        await this.#killFor([victim], lastsMs);
        return;
      case "all":
        tell(`everything but the chain is killed for ${seconds}`);
        await this.#killFor(victims, lastsMs);
        return;
      case "stop":
        tell(`${victim.name} stands still for ${seconds}`);
        await this.#stopFor(victim, lastsMs);
        return;
      case "chain":
        tell(`the chain is killed for ${seconds}`);
        await this.#killChainFor(lastsMs);
        return;
      case "cut":
      case "dead": {
        const link = links[Math.floor(random() * links.length)]!;
        tell(`the line from ${link.name} is ${kind} for ${seconds}`);
        link.set(kind);
        await sleep(lastsMs);
        link.set("good");
      }
    }
  }

  /** But for those that another fault has killed already, and sees to. */
  async #killFor(victims: readonly Victim[], lastsMs: number): Promise<void> {
    const mine = victims.filter(({ name }) => !this.#down.has(name));
    for (const { name } of mine) this.#down.add(name);
    await Promise.all(mine.map(({ child }) => child.kill()));
    await sleep(lastsMs);
    await Promise.all(mine.map((victim) => this.#restart(victim)));
    for (const { name } of mine) this.#down.delete(name);
  }

  async #killChainFor(lastsMs: number): Promise<void> {
    if (this.#down.has(CHAIN)) return;
    const { devnet } = this.#network.live;
    this.#down.add(CHAIN);
    await devnet.chainProcess().kill();
    await sleep(lastsMs);
    await devnet.startChain();
    this.#down.delete(CHAIN);
  }

  /** The system may have lent a dead process's port to somebody's connection, for as long as that lasts. */
  async #restart(victim: Victim): Promise<void> {
    for (const end = Date.now() + PORT_MS; ; await sleep(1_000)) {
      try {
        return await this.#network.live.restart([victim]);
      } catch (error) {
        if (!isRefusal(error, "in-use") || Date.now() > end) throw error;
      }
    }
  }

  async #stopFor({ child }: Victim, lastsMs: number): Promise<void> {
    const { pid } = child;
    if (pid === undefined || !child.isRunning) return;
    process.kill(pid, "SIGSTOP");
    await sleep(lastsMs);
    if (child.isRunning && child.pid === pid) process.kill(pid, "SIGCONT");
  }

  #draw(): FaultKind {
    let at = this.#options.random() * 100;
    for (const kind of faultKinds) if ((at -= shares[kind]) < 0) return kind;
    throw new Error("the shares add up to 100");
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const { random } = this.#options;
    return list
      .map((item) => ({ item, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
