/** What the node answers about itself and the ledger. Nothing here changes anything. */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { formatHistory } from "../../protocol/coin-history.ts";
import { checkpointDigest } from "../../protocol/checkpoint.ts";
import { ENROLMENT_KIND } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Leaf } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { type MemberId, type Outpoint, type Output, splitOutpoint } from "../../protocol/output.ts";
import { formatPaymentStatement } from "../../protocol/payment-statement.ts";
import { Refusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Language } from "../../protocol/refusal-words.ts";
import type { Domain } from "../../protocol/typed-data.ts";
import type { ChainClient } from "../chain/chain-client.ts";
import type { Directory } from "../directory.ts";
import type { SettlementExport } from "../evidence/settlement-export.ts";
import type { HistoryExport } from "../evidence/history-export.ts";
import { explain, type MissingCoin } from "../explain.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Replica } from "../replica.ts";
import type { ServerEvent } from "../service/event-stream.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import type { ConflictQueries } from "./conflict-queries.ts";
import { eventOfRow } from "./folded-event.ts";
import { identityReport } from "./identity-report.ts";
import type * as Api from "./schema.ts";

export type QueriesParts = {
  readonly domain: Domain;
  readonly member: MemberId | undefined;
  readonly replica: Replica;
  readonly pool: PendingPool;
  readonly leaves: LeafStore;
  readonly directory: Pick<Directory, "intakeOf">;
  readonly chain: ChainClient;
  readonly conflicts: ConflictQueries;
  readonly histories: HistoryExport;
  readonly settlements: SettlementExport;
  readonly peers: () => readonly string[];
  readonly verified: () => number;
};

/** Coins in one answer. */
const PAGE = 1_000;
/** Coins looked at in one answer: some 5 ms. */
const STRETCH = 100_000;
const CHECKPOINTS = 100;
/** How often the chain may move on while the store is scanned. */
const SCAN_TRIES = 20;
/** For these a record waits; for any other it will not apply as things stand. */
const waitingFor: ReadonlySet<RefusalCode> = new Set([
  "unknown-coin",
  "unknown-recipient",
  "unknown-member",
  "not-reclaimable",
]);

export class Queries {
  readonly #parts: QueriesParts;

  constructor(parts: QueriesParts) {
    this.#parts = parts;
  }

  async statuses(ids: readonly Hex[]): Promise<Api.RecordStatus[]> {
    const { store, state } = this.#parts.replica;
    const [applied, outcomes] = await Promise.all([store.applied(ids), store.outcomes(ids)]);
    return Promise.all(
      ids.map(async (id, i): Promise<Api.RecordStatus> => {
        const row = applied[i];
        if (row === undefined) return await this.#withRestitution(this.#unapplied(id, outcomes[i]));
        const { seq, cycle, leafHash } = row;
        const settled = cycle <= state.parameters.settledCycle;
        return { id, state: "applied", seq, cycle, leafHash, settled };
      }),
    );
  }

  async explain(id: Hex, language: Language = "en"): Promise<Api.Explanation> {
    const { store, state } = this.#parts.replica;
    const [status] = (await this.statuses([id])) as [Api.RecordStatus];
    const event = status.seq === undefined ? undefined : await store.event(status.seq);
    const { openCycle } = state.parameters;
    const [waiting] = status.state === "applied" ? [] : this.#parts.pool.withId(id);
    const doubleSpends = await this.#parts.conflicts.sentencesOf(id, waiting?.leaf.leaf, language);
    const missing =
      status.code === "unknown-coin" ? this.#missingCoin(waiting?.leaf.leaf) : undefined;
    const facts = { status, event, openCycle, missing, doubleSpends };
    return { id, status, sentences: explain(facts, language) };
  }

  /** The leaf that applied, or else one that waits. @throws Refusal `not-found`. */
  async leaf(id: Hex): Promise<Uint8Array> {
    const { replica, leaves } = this.#parts;
    const rows = (await replica.store.applied([id])).filter((row) => row !== undefined);
    const [bytes] = await leaves.leavesAt(await replica.store.leafPlaces(rows));
    const waiting = this.#parts.pool.withId(id).find(({ leaf }) => leaf.checked);
    const leaf = bytes ?? waiting?.leaf.leaf.bytes;
    if (leaf === undefined)
      throw new Refusal("not-found", `no record or enrolment ${id} is held here`);
    return leaf;
  }

  /** The leaves of a sequenced batch in their order, as `encodeLeaves` writes them. @throws Refusal `not-found`. */
  async batch(root: Hex): Promise<Uint8Array> {
    const whole = await this.#parts.leaves.getWhole(root);
    if (whole === undefined)
      throw new Refusal("not-found", `no batch with root ${root} is held here`);
    return encodeLeaves(whole.leaves);
  }

  /**
   * The file that shows that a record applied.
   * @throws Refusal `not-found` where it has not, or is no record; `conflict` while its cycle has not settled.
   */
  async statement(id: Hex): Promise<Uint8Array> {
    const { replica, settlements, domain } = this.#parts;
    const [row] = await replica.store.applied([id]);
    if (row === undefined) throw new Refusal("not-found", `no record ${id} has applied here`);
    const record = await this.leaf(id);
    if (record[0] === ENROLMENT_KIND)
      throw new Refusal("not-found", `${id} is an enrolment: checkpoints list records alone`);
    const shown = await settlements.of(row.cycle, id).finally(() => settlements.forget());
    if (shown === undefined)
      throw new Refusal(
        "conflict",
        `record ${id} applied in cycle ${row.cycle}, which has not settled yet`,
      );
    const { settlement, validators } = shown;
    const { networkId } = domain;
    const statement = { networkId, record: toHex(record), settlement, claims: { validators } };
    return Buffer.from(formatPaymentStatement(statement));
  }

  /** The file that shows where a coin comes from. @throws Refusal `not-found`. */
  async history(outpoint: Outpoint): Promise<Uint8Array> {
    return Buffer.from(formatHistory(await this.#parts.histories.of(outpoint)));
  }

  coins(outpoints: readonly Outpoint[]): Api.Coins {
    const { state } = this.#parts.replica;
    const rows = outpoints.flatMap((outpoint) => {
      const output = state.coin(outpoint);
      return output === undefined ? [] : [this.#coinRow(outpoint, output)];
    });
    return { seq: state.seq, coins: rows };
  }

  coinsOf(owner: Owner): Api.Coins {
    const { state } = this.#parts.replica;
    const coins: Api.CoinRow[] = [];
    for (const [outpoint, output] of state.coinsOf(owner)) {
      if (coins.length === PAGE) break;
      coins.push(this.#coinRow(outpoint, output));
    }
    return { seq: state.seq, coins };
  }

  claimsAt(member: MemberId, from: number): Api.Claims {
    const { coins, next } = this.#parts.replica.state.claimsAt(member, from, STRETCH, PAGE);
    const rows = coins.map(([outpoint, output]) => this.#coinRow(outpoint, output));
    return { coins: rows, ...(next === undefined ? {} : { next }) };
  }

  owner(owner: Owner): Api.EnrolmentRow {
    const { state } = this.#parts.replica;
    const { coins, amount } = state.balanceOf(owner);
    const member = state.custodianOf(owner) ?? null;
    return { owner, member, seq: state.seq, coins, balance: amount.toString() };
  }

  /** The leaf by which a key was enrolled, with the identity sealed in it. @throws Refusal `not-found`. */
  async enrolment(owner: Owner): Promise<Uint8Array> {
    const id = await this.#parts.replica.store.enrolmentOf(owner);
    if (id === undefined) throw new Refusal("not-found", `${owner} is of no enrolled key`);
    return await this.leaf(id);
  }

  members(): Api.MemberRow[] {
    const { replica, directory } = this.#parts;
    const { state } = replica;
    const { settledCycle, openCycle } = state.parameters;
    return state.memberIds().map((member) => {
      const { status, issuer, treasury, treasuryOwners } = state.member(member)!;
      let delta = 0n;
      let burns = 0n;
      for (let cycle = settledCycle + 1; cycle <= openCycle; cycle++) {
        const window = state.window(cycle, member);
        delta += window.delta;
        burns += window.burns;
      }
      const intake = directory.intakeOf(member);
      return {
        member,
        status,
        issuer: toHex(issuer),
        treasury: toHex(treasury),
        ...(intake === undefined ? {} : { intake: toHex(intake) }),
        treasuryOwners: [...treasuryOwners],
        custody: state.custodyOf(member).toString(),
        reserve: state.reserveOf(member).toString(),
        delta: delta.toString(),
        burns: burns.toString(),
      };
    });
  }

  revocations(member: MemberId): Api.Revocations {
    const { state } = this.#parts.replica;
    const revoked = state.revocationsOf(member).map(([owner, timeS]) => ({ owner, timeS }));
    return { seq: state.seq, revoked };
  }

  status(): Api.NodeStatus {
    const { domain, member = null, replica, pool, chain, peers, verified } = this.#parts;
    const { state } = replica;
    const supply = state.memberIds().reduce((sum, id) => sum + state.custodyOf(id), 0n);
    return {
      networkId: domain.networkId,
      member,
      seq: state.seq,
      chainState: chain.state.kind,
      peers: [...peers()],
      openCycle: state.parameters.openCycle,
      settledCycle: state.parameters.settledCycle,
      coins: state.coinCount,
      pending: pool.size,
      verified: verified(),
      supply: supply.toString(),
      receiptLifeS: chain.parameters.receiptLifeS,
      reclaimDelayS: state.reclaimDelayS,
      claimPeriodS: chain.parameters.claimPeriodS,
      penaltyPercent: chain.parameters.penaltyPercent,
    };
  }

  async checkpoints(): Promise<Api.CheckpointRow[]> {
    const { replica, domain } = this.#parts;
    const { settledCycle } = replica.state.parameters;
    return (await replica.store.checkpoints(CHECKPOINTS)).map((checkpoint) => ({
      ...checkpoint,
      supply: checkpoint.supply.toString(),
      positions: checkpoint.positions.map(({ member, delta, withdrawn }) => ({
        member,
        delta: delta.toString(),
        withdrawn: withdrawn.toString(),
      })),
      digest: toHex(checkpointDigest(domain, checkpoint)),
      settled: checkpoint.number <= settledCycle,
    }));
  }

  /** @throws Refusal `not-found` while it has not closed. */
  async cycleTimes(cycle: number): Promise<Api.CycleTimes> {
    const { closedAtS, settledAtS } = await this.#parts.chain.reader.cycle(cycle);
    if (closedAtS === 0) throw new Refusal("not-found", `cycle ${cycle} has not closed yet`);
    return { cycle, closedAtS, ...(settledAtS > 0 && { settledAtS }) };
  }

  /** @throws Refusal `busy` while events come faster than the store can be scanned. */
  async identities(): Promise<Api.Identities> {
    const { replica, chain } = this.#parts;
    for (let tries = 0; tries < SCAN_TRIES; tries++) {
      const settlement = await chain.reader.settlement();
      if (!(await replica.reached(settlement.seq, 5_000))) continue;
      const scan = await replica.store.scan();
      if (scan.accounts.seq === settlement.seq) return identityReport(scan, settlement);
    }
    throw new Refusal("busy", "events come faster than the store can be scanned");
  }

  /** Events after `seq` as they were folded. */
  async *eventsAfter(seq: number): AsyncGenerator<ServerEvent<Api.FoldedEvent>> {
    for await (const { row, applied } of this.#parts.replica.store.eventsAfter(seq)) {
      yield eventOfRow(row, applied);
    }
  }

  async #withRestitution(status: Api.RecordStatus): Promise<Api.RecordStatus> {
    const restitution = await this.#parts.conflicts.restitutionOf(status.id as Hex, status.code);
    return restitution === undefined ? status : { ...status, restitution };
  }

  #unapplied(
    id: Hex,
    outcome: { seq: number; code: string; detail: string } | undefined,
  ): Api.RecordStatus {
    const [pending] = this.#parts.pool.withId(id);
    if (pending === undefined)
      return { id, state: outcome === undefined ? "unknown" : "refused", ...outcome };
    const { reason } = pending;
    const isPending = reason === undefined || waitingFor.has(reason.code);
    return { id, state: isPending ? "pending" : "refused", leafHash: pending.leaf.hash, ...reason };
  }

  /** One that nobody has made, here or on the ledger. */
  #missingCoin(leaf: Leaf | undefined): MissingCoin | undefined {
    if (leaf === undefined || leaf.kind === "enrolment") return undefined;
    const { pool, replica } = this.#parts;
    const { state, store } = replica;
    const outpoint = leaf.inputs.find(
      (input) =>
        state.coin(input) === undefined &&
        store.spenderOf(input) === undefined &&
        pool.withId(splitOutpoint(input).id).length === 0,
    );
    return outpoint && { outpoint, member: state.custodianOf(ownerOf(leaf.signer)) };
  }

  #coinRow(outpoint: Outpoint, output: Output): Api.CoinRow {
    const { pool } = this.#parts;
    const spenders = pool.spendersOf(outpoint).flatMap((id) => pool.withId(id));
    const pending = spenders.some(({ leaf }) => this.#mayTake(leaf.leaf, output));
    const row = { outpoint, ...output, amount: output.amount.toString(), pending };
    const restitutedS = this.#parts.replica.state.restitutedAtS(outpoint);
    return restitutedS === undefined ? row : { ...row, restitutedS };
  }

  /** Whether the signer is one who may: anyone can name a coin in a record. */
  #mayTake(leaf: Leaf, { owner, custodian }: Output): boolean {
    if (leaf.kind === "enrolment") return false;
    const signer = ownerOf(leaf.signer);
    const member = this.#parts.replica.state.member(custodian);
    return signer === owner || signer === member?.treasuryOwners[0];
  }
}
