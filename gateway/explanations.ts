/** Why a record is where it is: what the node says in plain words, and what this gateway has done with it. */
import type { Hex } from "../protocol/bytes.ts";
import type { NodeClient } from "../node/client.ts";
import type { Intake } from "./intake.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type { Reasons } from "./reasons.ts";
import type * as Api from "./schema.ts";

export type ExplanationsParts = {
  readonly node: Pick<NodeClient, "explain">;
  readonly intake: Pick<Intake, "withId">;
  readonly reasons: Pick<Reasons, "get" | "isGivenUp">;
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
    return { id, state, ...code, ...restitution, sentences: [...here, ...sentences] };
  }
}
