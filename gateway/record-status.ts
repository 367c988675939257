/**
 * What became of records, for the devices that made or received them: a signed statement for what has
 * applied, the reason for what has not, and `pending` for what is on its way. A record whose coin nobody has
 * made, here or at the node, is told so: it is how a holder of forged money learns of it. One whose coin
 * another record took is told that, and how far its restitution has come.
 */
import type { RecordStatus } from "../protocol/answer.ts";
import type { Hex } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import type { Currency } from "../protocol/money.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../protocol/output.ts";
import { reasonOf } from "../protocol/reason.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer } from "../protocol/signature.ts";
import { signStatement } from "../protocol/statement.ts";
import type { NodeClient, RecordStatus as NodeStatus } from "../node/client.ts";
import type { Intake } from "./intake.ts";
import { refusalFrom } from "./outcome.ts";
import type { Reasons } from "./reasons.ts";
import { explainLoss } from "./restitution-words.ts";

export type RecordStatusesParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly node: Pick<NodeClient, "statuses" | "coins" | "conflicts">;
  readonly intake: Intake;
  readonly reasons: Reasons;
  readonly currency: Currency;
  readonly clock: () => number;
};

export class RecordStatuses {
  readonly #parts: RecordStatusesParts;

  constructor(parts: RecordStatusesParts) {
    this.#parts = parts;
  }

  /** In the order asked. @throws Refusal `unavailable`, and what the node's client throws. */
  async of(ids: readonly Hex[]): Promise<RecordStatus[]> {
    const atNode = await this.#parts.node.statuses(ids);
    const waiting = ids.filter((id, i) => this.#isWaiting(id, atNode[i]!));
    const missing = await this.#missingCoins(waiting);
    return Promise.all(ids.map((id, i) => this.#statusOf(id, atNode[i]!, missing)));
  }

  async #statusOf(
    id: Hex,
    atNode: NodeStatus,
    missing: ReadonlyMap<Hex, Outpoint>,
  ): Promise<RecordStatus> {
    const { networkId, member, issuer, clock } = this.#parts;
    if (atNode.state === "applied") {
      const fields = { id, seq: atNode.seq ?? 0, issued: clock(), member };
      return { state: "applied", id, statement: await signStatement(networkId, fields, issuer) };
    }
    if (atNode.state === "refused" && atNode.restitution !== undefined) {
      const conflicts = await this.#parts.node.conflicts({ record: id });
      const lost = conflicts.filter(({ loser }) => loser === id);
      const { currency } = this.#parts;
      if (lost.length > 0) return refused(id, new Refusal("spent", explainLoss(lost, currency)));
    }
    const coin = missing.get(id);
    if (coin !== undefined) {
      const detail = `nobody has made coin ${coin} yet; if it never comes, the receipt shown for it is false, and who signed that pays by a case: ask your bank`;
      return refused(id, new Refusal("unknown-coin", detail));
    }
    if (this.#isWaiting(id, atNode)) return { state: "pending", id };
    if (atNode.state === "refused") return refused(id, refusalFrom(atNode.code, atNode.detail));
    const reason = this.#parts.reasons.get(id);
    return reason === undefined ? { state: "unknown", id } : refused(id, reason);
  }

  /** Whether it is on its way: to the node, at the node, or to come there again. */
  #isWaiting(id: Hex, { state, leafHash, code }: NodeStatus): boolean {
    if (state === "pending") return true;
    if (state === "applied") return false;
    const held = this.#parts.intake.withId(id);
    if (held.length === 0) return false;
    // A reason counts if it is given for a leaf held here, and not for a stranger's with the same id.
    const isOfHeld = held.some(({ hash }) => hash === leafHash);
    return state === "unknown" || code === "unknown-coin" || !isOfHeld;
  }

  /** Of each record held here that waits for a coin which is not on its way either, that coin. */
  async #missingCoins(ids: readonly Hex[]): Promise<Map<Hex, Outpoint>> {
    const { intake } = this.#parts;
    const inputs = new Map<Hex, readonly Outpoint[]>();
    for (const id of ids) {
      const [leaf] = intake.withId(id);
      if (leaf !== undefined) inputs.set(id, leaf.inputs);
    }
    const unspent = await this.#unspent([...new Set([...inputs.values()].flat())]);
    const isElsewhere = (coin: Outpoint) =>
      !unspent.has(coin) && intake.withId(splitOutpoint(coin).id).length === 0;
    const parents = [...inputs.values()].flat().filter(isElsewhere).map(parentOf);
    const known = await this.#known([...new Set(parents)]);
    const missing = new Map<Hex, Outpoint>();
    for (const [id, coins] of inputs) {
      const coin = coins.find((each) => isElsewhere(each) && !known.has(parentOf(each)));
      if (coin !== undefined) missing.set(id, coin);
    }
    return missing;
  }

  async #unspent(outpoints: readonly Outpoint[]): Promise<Set<string>> {
    const unspent = new Set<string>();
    for (const page of pages(outpoints)) {
      const { coins } = await this.#parts.node.coins(page);
      for (const { outpoint } of coins) unspent.add(outpoint);
    }
    return unspent;
  }

  /** Those records that the node has, applied or not. */
  async #known(ids: readonly Hex[]): Promise<Set<Hex>> {
    const known = new Set<Hex>();
    for (const page of pages(ids)) {
      for (const [i, { state }] of (await this.#parts.node.statuses(page)).entries()) {
        if (state === "applied" || state === "pending") known.add(page[i]!);
      }
    }
    return known;
  }
}

function parentOf(coin: Outpoint): Hex {
  return splitOutpoint(coin).id;
}

function refused(id: Hex, refusal: Refusal): RecordStatus {
  return { state: "refused", id, reason: reasonOf(refusal) };
}

function* pages<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += limits.askedMax) {
    yield items.slice(at, at + limits.askedMax);
  }
}
