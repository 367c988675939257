/**
 * A node for the gateway's tests: the real fold over a ledger in memory, behind the real routes of a node's
 * API on a real socket. It sequences what it is handed by itself, or when a test says so; it can be stopped
 * and started again, having forgotten what only waited, and it can be told to lose or to misuse what it has.
 */
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { NOBODY, type Owner, ownerOf } from "../../../protocol/key.ts";
import type { MemberId, Outpoint, Output } from "../../../protocol/output.ts";
import { Refusal, type RefusalCode } from "../../../protocol/refusal.ts";
import type { ConflictQueries } from "../../../node/api/conflict-queries.ts";
import type { Queries } from "../../../node/api/queries.ts";
import { nodeRoutes } from "../../../node/api/routes.ts";
import type * as Api from "../../../node/api/schema.ts";
import type { Change } from "../../../node/ledger/change.ts";
import { EventFeed } from "../../../node/service/event-feed.ts";
import type { ServerEvent } from "../../../node/service/event-stream.ts";
import { HttpServer } from "../../../node/service/http-server.ts";
import type { TlsMaterial } from "../../../node/service/listener.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { revoke } from "../../../node/chain/calls.ts";
import { ChainDownError } from "../../../node/chain/errors.ts";
import { Revoker } from "../../../node/revoker.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { batchOf, TestLedger, toSequenced } from "../../support/ledger.ts";

export const RECEIPT_LIFE_S = 7 * 24 * 60 * 60;
export const CLAIM_PERIOD_S = 30 * 24 * 60 * 60;
export const PENALTY_PERCENT = 200;

type Waiting = {
  readonly hash: Hex;
  readonly id: Hex;
  readonly bytes: Uint8Array;
  readonly inputs: readonly Outpoint[];
  readonly signer: Owner;
  reason?: { readonly code: RefusalCode; readonly detail: string };
};

type Applied = { readonly seq: number; readonly cycle: number; readonly leafHash: Hex };

/** For these a leaf waits, as in a node's pool. */
const waitingFor: readonly RefusalCode[] = [
  "unknown-coin",
  "unknown-recipient",
  "unknown-member",
  "not-reclaimable",
];

export class NodeDouble implements AsyncDisposable {
  readonly ledger: TestLedger;
  /** How long a batch gathers; undefined if tests sequence by `sequence`. */
  gatherMs: number | undefined = 2;
  /** Those of its cycles, the latest last. */
  checkpoints: Api.CheckpointRow[] = [];
  /** When a cycle of those closed, and settled. */
  cycleTimes: Omit<Api.CycleTimes, "cycle"> = {
    closedAtS: Math.floor(Date.now() / 1000),
    settledAtS: Math.floor(Date.now() / 1000),
  };
  /** Leaves that are handed in and lost. */
  loses: (id: Hex) => boolean = () => false;
  /** The code with which it refuses whatever is handed in. */
  refuses: RefusalCode | undefined;
  /** Called with every submission, before it is taken. */
  onSubmit: (ids: readonly Hex[]) => void | Promise<void> = () => undefined;
  chainState = "following";
  /** Whether transactions come to nothing. */
  isChainDown = false;
  /** Transactions that revoked something. */
  revocations = 0;
  /** Instead of taking leaves: for gateways of networks that are not the ledger's. */
  recorder: ((leaves: readonly Uint8Array[]) => void) | undefined;
  /** Demanded of who asks, where it is set before the start. */
  tls: TlsMaterial | undefined;
  /** What couriers' requests are sealed to, whichever member they are for. */
  intake: Uint8Array | undefined;
  /** What it says of its network. */
  networkId: Hex;
  readonly #pool = new Map<Hex, Waiting>();
  readonly #bytes = new Map<Hex, Uint8Array>();
  readonly #applied = new Map<Hex, Applied>();
  readonly #outcomes = new Map<Hex, { seq: number; code: string; detail: string }>();
  readonly #events: Api.FoldedEvent[] = [];
  readonly #feed = new EventFeed<Api.FoldedEvent>({ history: (seq) => this.#after(seq) });
  readonly #conflicts = new Map<string, Api.ConflictRow>();
  readonly #conflictFeed = new EventFeed<Api.ConflictRow>({
    history: (number) => this.#conflictsAfter(number),
  });
  #conflictNumber = 0;
  #server: HttpServer | undefined;
  #port = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(...members: readonly MemberId[]) {
    this.ledger = new TestLedger(...(members.length === 0 ? [1, 2] : members));
    this.networkId = toHex(networkId);
  }

  get url(): string {
    return `${this.tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const logger = makeLogger({ name: "double", level: "silent" });
    const answers = {
      writer: {
        intake: { submit: (leaves: readonly Uint8Array[]) => this.#submit(leaves) },
        revoker: this.#revoker(),
      },
      evidence: {
        conflicts: this.#conflictQueries() as unknown as ConflictQueries,
        conflictFeed: this.#conflictFeed,
      },
      cases: { open: () => [] },
      proofs: undefined as never,
      consortium: undefined as never,
      disclosures: { desk: undefined },
      exports: { pages: { of: async () => ({ rows: [], next: undefined }) } },
      traces: { traces: undefined, seq: () => this.ledger.state.seq },
      queries: this.#queries() as unknown as Queries,
      feed: this.#feed,
    };
    const routes = nodeRoutes(() => answers, { isMember: true });
    const tls = this.tls === undefined ? {} : { tls: this.tls };
    const options = { title: "double", version: "0", port: this.#port, drainMs: 50, ...tls };
    this.#server = new HttpServer({ routes, logger, metrics: new Metrics() }, options);
    await this.#server.start();
    this.#port = Number(new URL(this.#server.url).port);
  }

  /** What only waited is forgotten. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pool.clear();
    await this.#server?.stop();
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Leaves that wait. */
  get waiting(): number {
    return this.#pool.size;
  }

  /** The bytes of what waits, in the order it came. */
  pooled(): Uint8Array[] {
    return Array.from(this.#pool.values(), ({ bytes }) => bytes);
  }

  hasApplied(id: Hex): boolean {
    return this.#applied.has(id);
  }

  /** Does something to the ledger and tells of the events it makes. */
  change<T>(act: (ledger: TestLedger) => T): T {
    const before = this.ledger.log.length;
    const result = act(this.ledger);
    for (const { event } of this.ledger.log.slice(before)) {
      this.#publish({
        seq: event.seq,
        kind: event.kind,
        ...("member" in event ? { member: event.member } : {}),
        applied: [],
        refused: [],
      });
    }
    for (const leaf of this.#pool.values()) delete leaf.reason;
    return result;
  }

  /** Says of a coin that two records name it, or how far that has come since. */
  tellConflict(row: Omit<Api.ConflictRow, "number">): void {
    const next = { ...row, number: ++this.#conflictNumber };
    this.#conflicts.set(row.id, next);
    this.#conflictFeed.publish({ id: next.number, data: next });
  }

  /** Its data folder is lost, and with it the book of conflicts. */
  loseConflicts(): void {
    this.#conflicts.clear();
    this.#conflictNumber = 0;
  }

  /** Sequences leaves as another member would: they need not have come here. */
  sequenceForeign(leaves: readonly Uint8Array[]): void {
    for (const bytes of leaves) this.#bytes.set(leafHash(bytes), bytes);
    this.#sequence(leaves);
  }

  /** Sequences what waits and may apply. */
  sequence(): void {
    const ready = [...this.#pool.values()].filter(({ reason }) => reason === undefined);
    if (ready.length > 0) this.#sequence(ready.map(({ bytes }) => bytes));
  }

  #revoker(): Revoker {
    const send = async ({ args }: ReturnType<typeof revoke>) => {
      if (this.isChainDown) throw new ChainDownError("the chain of this test is down");
      this.revocations++;
      this.change((ledger) => {
        for (const owner of args[0] as readonly Owner[]) ledger.revoke(1, owner);
      });
      return undefined as never;
    };
    const { state } = this.ledger;
    return new Revoker({
      networkId,
      member: 1,
      state,
      verifier: new NodeVerifier(),
      chain: { send },
    });
  }

  *#conflictsAfter(number: number): Generator<ServerEvent<Api.ConflictRow>> {
    const later = [...this.#conflicts.values()].filter((row) => row.number > number);
    for (const data of later.sort((a, b) => a.number - b.number)) yield { id: data.number, data };
  }

  #conflictQueries() {
    return {
      checkNumber: (number: number) => {
        if (number > this.#conflictNumber) throw new Refusal("conflict", "this book is a new one");
      },
      list: async ({ record }: { record?: Hex }) => ({
        conflicts: [...this.#conflicts.values()].filter(
          ({ winner, loser }) => record === undefined || winner === record || loser === record,
        ),
      }),
    };
  }

  async #submit(leaves: readonly Uint8Array[]): Promise<Api.SubmissionResult[]> {
    if (this.recorder !== undefined) {
      this.recorder(leaves);
      return leaves.map((bytes) => ({ leafHash: leafHash(bytes), accepted: true }));
    }
    const sequenced = leaves.map(toSequenced);
    await this.onSubmit(sequenced.flatMap(({ id }) => id ?? []));
    const results = sequenced.map((leaf, i): Api.SubmissionResult => {
      if (leaf.id === undefined) {
        const { code, message } = leaf.refusal;
        return { leafHash: leaf.hash, accepted: false, code, detail: message };
      }
      const { hash, id } = leaf;
      if (this.refuses !== undefined) {
        return { leafHash: hash, id, accepted: false, code: this.refuses, detail: "as told" };
      }
      if (this.#applied.get(id)?.leafHash !== hash && !this.#pool.has(hash) && !this.loses(id)) {
        const bytes = leaves[i]!.slice();
        const isRecord = leaf.leaf.kind !== "enrolment";
        const inputs = isRecord ? leaf.leaf.inputs : [];
        const signer = isRecord ? ownerOf(leaf.leaf.signer) : NOBODY;
        this.#pool.set(hash, { hash, id, bytes, inputs, signer });
        this.#bytes.set(hash, bytes);
      }
      return { leafHash: hash, id, accepted: true };
    });
    this.#sequenceSoon();
    return results;
  }

  #sequenceSoon(): void {
    if (this.gatherMs === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.sequence();
      if ([...this.#pool.values()].some(({ reason }) => reason === undefined)) this.#sequenceSoon();
    }, this.gatherMs);
  }

  #sequence(leaves: readonly Uint8Array[]): void {
    const sequenced = leaves.map(toSequenced);
    const { ledger } = this;
    const change = ledger.take(batchOf(sequenced, ledger.timeS), sequenced);
    const { seq } = change;
    const cycle = ledger.state.parameters.openCycle;
    for (const { id, leafHash: hash, code, detail } of change.outcomes) {
      const waiting = this.#pool.get(hash);
      if (code === "applied") {
        this.#applied.set(id!, { seq, cycle, leafHash: hash });
        this.#pool.delete(hash);
      } else {
        if (id !== undefined) this.#outcomes.set(id, { seq, code, detail });
        if (waiting !== undefined && waitingFor.includes(code)) waiting.reason = { code, detail };
        else this.#pool.delete(hash);
      }
    }
    if (change.outcomes.some(({ code }) => code === "applied")) {
      for (const leaf of this.#pool.values()) delete leaf.reason;
    }
    this.#publish(eventOf(change));
  }

  #publish(event: Api.FoldedEvent): void {
    this.#events.push(event);
    this.#feed.publish({ id: event.seq, data: event });
  }

  *#after(seq: number): Generator<ServerEvent<Api.FoldedEvent>> {
    for (const data of this.#events) if (data.seq > seq) yield { id: data.seq, data };
  }

  #queries() {
    const { state } = this.ledger;
    const rowsOf = (coins: Iterable<readonly [Outpoint, Output]>) =>
      Array.from(coins, ([outpoint, output]) => this.#coinRow(outpoint, output));
    return {
      statuses: async (ids: readonly Hex[]) => {
        const waiting = new Map([...this.#pool.values()].map((leaf) => [leaf.id, leaf]));
        return ids.map((id) => this.#statusOf(id, waiting.get(id)));
      },
      explain: async (id: Hex) => {
        const waiting = [...this.#pool.values()].find((leaf) => leaf.id === id);
        const status = this.#statusOf(id, waiting);
        return { id, status, sentences: [`It is ${status.state}.`] };
      },
      leaf: async (id: Hex) => {
        const hash = this.#applied.get(id)?.leafHash;
        const bytes = hash === undefined ? undefined : this.#bytes.get(hash);
        if (bytes === undefined) throw new Refusal("not-found", `no record ${id} is held here`);
        return bytes;
      },
      coins: (outpoints: readonly Outpoint[]) => ({
        seq: state.seq,
        coins: rowsOf(
          outpoints.flatMap((outpoint): [Outpoint, Output][] => {
            const output = state.coin(outpoint);
            return output === undefined ? [] : [[outpoint, output]];
          }),
        ),
      }),
      coinsOf: (owner: Owner) => ({
        seq: state.seq,
        coins: rowsOf(state.coinsOf(owner)).slice(0, 1000),
      }),
      claimsAt: (member: MemberId, from: number) => {
        const { coins, next } = state.claimsAt(member, from, 1000, 1000);
        return { coins: rowsOf(coins), ...(next === undefined ? {} : { next }) };
      },
      owner: (owner: Owner): Api.EnrolmentRow => {
        const coins = rowsOf(state.coinsOf(owner));
        const balance = coins.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
        const member = state.custodianOf(owner) ?? null;
        return { owner, member, seq: state.seq, coins: coins.length, balance: String(balance) };
      },
      members: () => state.memberIds().map((member) => this.#memberRow(member)),
      revocations: (member: MemberId) => ({
        seq: state.seq,
        revoked: state.revocationsOf(member).map(([owner, timeS]) => ({ owner, timeS })),
      }),
      status: (): Api.NodeStatus => ({
        networkId: this.networkId,
        member: 1,
        seq: state.seq,
        chainState: this.chainState,
        peers: [],
        openCycle: state.parameters.openCycle,
        settledCycle: state.parameters.settledCycle,
        coins: state.coinCount,
        pending: this.#pool.size,
        verified: 0,
        supply: "0",
        receiptLifeS: RECEIPT_LIFE_S,
        reclaimDelayS: state.reclaimDelayS,
        claimPeriodS: CLAIM_PERIOD_S,
        penaltyPercent: PENALTY_PERCENT,
      }),
      checkpoints: async () => this.checkpoints.toReversed(),
      cycleTimes: async (cycle: number) => ({ cycle, ...this.cycleTimes }),
    };
  }

  #statusOf(id: Hex, waiting: Waiting | undefined): Api.RecordStatus {
    const applied = this.#applied.get(id);
    if (applied !== undefined) {
      const { settledCycle } = this.ledger.state.parameters;
      return { id, state: "applied", ...applied, settled: applied.cycle <= settledCycle };
    }
    if (waiting !== undefined) {
      return { id, state: "pending", leafHash: waiting.hash, ...waiting.reason };
    }
    const outcome = this.#outcomes.get(id);
    if (outcome === undefined) return { id, state: "unknown" };
    const lost = [...this.#conflicts.values()].find(({ loser }) => loser === id);
    const restitution = lost === undefined ? {} : { restitution: lost.stage };
    return { id, state: "refused", ...outcome, ...restitution };
  }

  #coinRow(outpoint: Outpoint, output: Output): Api.CoinRow {
    const pending = [...this.#pool.values()].some(
      ({ inputs, signer }) => inputs.includes(outpoint) && signer === output.owner,
    );
    const row = { outpoint, ...output, amount: String(output.amount), pending };
    const restitutedS = this.ledger.state.restitutedAtS(outpoint);
    return restitutedS === undefined ? row : { ...row, restitutedS };
  }

  #memberRow(member: MemberId): Api.MemberRow {
    const { state } = this.ledger;
    const { status, issuer, treasury, treasuryOwners } = state.member(member)!;
    return {
      member,
      status,
      issuer: toHex(issuer),
      treasury: toHex(treasury),
      ...(this.intake === undefined ? {} : { intake: toHex(this.intake) }),
      treasuryOwners: [...treasuryOwners],
      custody: String(state.custodyOf(member)),
      reserve: String(state.reserveOf(member)),
      delta: "0",
      burns: "0",
    };
  }
}

function eventOf({ seq, applied, outcomes }: Change): Api.FoldedEvent {
  return {
    seq,
    kind: "sequenced",
    member: 1,
    applied: [...applied],
    refused: outcomes
      .filter(({ code }) => code !== "applied")
      .map(({ id, leafHash: hash, code }) => ({
        leafHash: hash,
        code,
        ...(id === undefined ? {} : { id }),
      })),
  };
}
