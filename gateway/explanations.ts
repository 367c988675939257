/** Why a record is where it is: what the node says in plain words, and whether this gateway has it. */
import type { Hex } from "../protocol/bytes.ts";
import type { NodeClient } from "../node/client.ts";
import type { Intake } from "./intake.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type * as Api from "./schema.ts";

export class Explanations {
  readonly #node: Pick<NodeClient, "explain">;
  readonly #intake: Pick<Intake, "withId">;

  constructor(node: Pick<NodeClient, "explain">, intake: Pick<Intake, "withId">) {
    this.#node = node;
    this.#intake = intake;
  }

  /** @throws Refusal `unavailable`. */
  async of(id: Hex): Promise<Api.Explanation> {
    const { status, sentences } = await whileNodeAnswers(() => this.#node.explain(id));
    const isHere = this.#intake.withId(id).length > 0;
    const state = status.state === "unknown" && isHere ? "pending" : status.state;
    const here = isHere ? ["This gateway has it durably and hands it to its node."] : [];
    const code = status.code === undefined ? {} : { code: status.code };
    const restitution = status.restitution === undefined ? {} : { restitution: status.restitution };
    return { id, state, ...code, ...restitution, sentences: [...here, ...sentences] };
  }
}
