/**
 * Why a record is where it is: what the node says in plain words, what this gateway has done with it, and what became
 * of money that it put under a code here.
 */
import type { Hex } from "../protocol/bytes.ts";
import { decodeLeaf, type Leaf } from "../protocol/leaf.ts";
import { joinOutpoint, lock, type MemberId } from "../protocol/output.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { NodeClient } from "../node/client.ts";
import type { ClaimBook } from "./claims/claim-book.ts";
import { explainCode } from "./claims/claim-words.ts";
import type { UnclaimedBook } from "./claims/unclaimed-book.ts";
import type { Intake } from "./intake.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type { Reasons } from "./reasons.ts";
import type * as Api from "./schema.ts";

export type ExplanationsParts = {
  readonly member: MemberId;
  readonly node: Pick<NodeClient, "explain" | "leaf">;
  readonly intake: Pick<Intake, "withId">;
  readonly reasons: Pick<Reasons, "get" | "isGivenUp">;
  readonly claimBook: Pick<ClaimBook, "get">;
  readonly unclaimedBook: Pick<UnclaimedBook, "get">;
  /** For how long money under a code may be claimed. */
  readonly lifeMs: number;
};

export class Explanations {
  readonly #parts: ExplanationsParts;

  constructor(parts: ExplanationsParts) {
    this.#parts = parts;
  }

  /** @throws Refusal `unavailable`. */
  async of(id: Hex): Promise<Api.Explanation> {
    const { node, intake, reasons } = this.#parts;
    const { status, sentences } = await whileNodeAnswers(() => node.explain(id));
    const isHere = intake.withId(id).length > 0;
    const code = status.code === undefined ? {} : { code: status.code };
    const restitution = status.restitution === undefined ? {} : { restitution: status.restitution };
    const reason = reasons.get(id);
    const isOver =
      status.state === "unknown" ||
      (status.state === "pending" && reasons.isGivenUp(id, status.leafHash));
    if (reason !== undefined && isOver && !isHere) {
      const given = `This gateway has turned it down or given it up (${reason.code}): ${reason.detail}. ${reason.remedy}`;
      return { id, state: "refused", code: reason.code, sentences: [given, ...sentences] };
    }
    const state = status.state === "unknown" && isHere ? "pending" : status.state;
    const here = isHere ? ["This gateway has it durably and hands it to its node."] : [];
    const codes = state === "applied" ? await this.#codesOf(id) : [];
    return { id, state, ...code, ...restitution, sentences: [...here, ...sentences, ...codes] };
  }

  async #codesOf(id: Hex): Promise<string[]> {
    const { member, claimBook, unclaimedBook, lifeMs } = this.#parts;
    const leaf = await this.#leaf(id);
    if (leaf === undefined || leaf.kind === "enrolment") return [];
    const words = leaf.outputs.map(async (output, index) => {
      if (output.lock !== lock.claim || output.custodian !== member) return [];
      const coin = await unclaimedBook.get(output.owner, joinOutpoint(id, index));
      return explainCode(coin, await claimBook.get(output.owner), lifeMs) ?? [];
    });
    return (await Promise.all(words)).flat();
  }

  /** Undefined for one whose bytes the node has let go of, long after its coins were spent. */
  async #leaf(id: Hex): Promise<Leaf | undefined> {
    try {
      return decodeLeaf(await whileNodeAnswers(() => this.#parts.node.leaf(id)));
    } catch (error) {
      if (isRefusal(error, "not-found")) return undefined;
      throw error;
    }
  }
}
