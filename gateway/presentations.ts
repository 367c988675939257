/**
 * Makes a presentation of a payment for who was a party to it. The showing that the party signed says who asks:
 * nobody else is given the record, and anybody who has the answer could have shown it already.
 */
import type { NodeClient } from "../node/client.ts";
import { fromHex } from "../protocol/bytes.ts";
import { ownerOf } from "../protocol/key.ts";
import { decodeLeaf } from "../protocol/leaf.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import { parsePaymentStatement } from "../protocol/payment-statement.ts";
import { checkPresentation, formatPresentation, partyOf } from "../protocol/presentation.ts";
import { Refusal } from "../protocol/refusal.ts";
import { checkShowingSignature, type SignedShowing } from "../protocol/showing.ts";
import type { Verifier } from "../protocol/signature.ts";
import { parseStateStatement } from "../protocol/state-statement.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type { RateLimits } from "./rate-limits.ts";

export type PresentationsParts = {
  readonly network: NetworkFile;
  readonly verifier: Verifier;
  readonly node: Pick<NodeClient, "leaf" | "statement" | "memberStatement">;
  /** Each asks a node for proofs. */
  readonly rates: Pick<RateLimits, "take">;
};

export class Presentations {
  readonly #parts: PresentationsParts;

  constructor(parts: PresentationsParts) {
    this.#parts = parts;
  }

  /**
   * The text of the presentation.
   * @throws Refusal `bad-signature`; `bad-proof` for who is no party, or a certificate that is not its member's;
   *   `not-found`, `conflict` while the payment's cycle has not settled; `unavailable`, `rate-limited`.
   */
  async of(showing: SignedShowing): Promise<string> {
    const { network, verifier, node, rates } = this.#parts;
    checkShowingSignature(fromHex(network.networkId), showing, verifier);
    rates.take(ownerOf(showing.deviceKey), "payments are shown");
    return await whileNodeAnswers(async () => {
      await this.#checkParty(showing);
      const members = [...new Set(showing.certificates.map(({ member }) => member))];
      const [payment, ...issuers] = await Promise.all([
        node.statement(showing.id),
        ...members.sort((a, b) => a - b).map((member) => node.memberStatement(member)),
      ]);
      const presentation = {
        showing,
        payment: parsePaymentStatement(payment),
        issuers: issuers.map(parseStateStatement),
      };
      checkPresentation(presentation, showing.words, network, verifier);
      return formatPresentation(presentation);
    });
  }

  /** Before anything is worked out for it. */
  async #checkParty({ id, deviceKey }: SignedShowing): Promise<void> {
    const leaf = decodeLeaf(await this.#parts.node.leaf(id));
    if (leaf.kind === "enrolment") throw new Refusal("not-found", `${id} is no payment`);
    partyOf(leaf, deviceKey);
  }
}
