/**
 * Carries what the member's gateway has blocked to the chain, with the operator account that the node has
 * anyway. The gateway never holds that account, which could move the reserves; and the node takes nobody's
 * word for whom to revoke but the member's own: its revocation list, signed with the issuer key, which
 * decides over devices anyway. The list is public, so who hands it in is no matter.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { checkRevocationListSignature, decodeRevocationList, prefixOf } from "../protocol/lists.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Verifier } from "../protocol/signature.ts";
import { revoke } from "./chain/calls.ts";
import type { ChainClient } from "./chain/chain-client.ts";
import { ChainDownError } from "./chain/errors.ts";
import type { LedgerState } from "./ledger/state.ts";

export type RevokerParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly state: Pick<LedgerState, "member" | "revokedAtS">;
  readonly chain: Pick<ChainClient, "send">;
  readonly verifier: Verifier;
};

export class Revoker {
  readonly #parts: RevokerParts;
  /** On the chain or on their way there, and not folded yet: asking again sends nothing more. */
  readonly #sent = new Map<Owner, Promise<unknown>>();

  constructor(parts: RevokerParts) {
    this.#parts = parts;
  }

  /**
   * Returns when all of `owners` are revoked in a block.
   * @param list the member's revocation list, which names each of them.
   * @throws Refusal `malformed`, `bad-signature`, `forbidden`, `unavailable`.
   */
  async revoke(owners: readonly Owner[], list: Uint8Array): Promise<void> {
    this.#check(owners, list);
    const { member, state } = this.#parts;
    for (const owner of owners) {
      if (state.revokedAtS(member, owner) !== undefined) this.#sent.delete(owner);
    }
    const open = [...new Set(owners)].filter(
      (owner) => state.revokedAtS(member, owner) === undefined,
    );
    const fresh = open.filter((owner) => !this.#sent.has(owner));
    if (fresh.length > 0) this.#send(fresh);
    try {
      await Promise.all(open.flatMap((owner) => this.#sent.get(owner) ?? []));
    } catch (error) {
      if (!(error instanceof ChainDownError)) throw error;
      throw new Refusal("unavailable", error.message);
    }
  }

  #send(owners: readonly Owner[]): void {
    const sent = this.#parts.chain.send(revoke(owners));
    for (const owner of owners) this.#sent.set(owner, sent);
    sent.catch(() => {
      for (const owner of owners) this.#sent.delete(owner);
    });
  }

  #check(owners: readonly Owner[], bytes: Uint8Array): void {
    const { networkId, member, state, verifier } = this.#parts;
    const list = decodeRevocationList(bytes);
    const issuer = state.member(member)?.issuer;
    if (list.member !== member || issuer === undefined) {
      throw new Refusal("forbidden", `this node speaks for member ${member}, not ${list.member}`);
    }
    checkRevocationListSignature(networkId, list, issuer, verifier);
    const named = new Set<Hex>(list.prefixes);
    const stranger = owners.find((owner) => !named.has(prefixOf(owner)));
    if (stranger !== undefined) {
      throw new Refusal("forbidden", `the member's revocation list does not name ${stranger}`);
    }
  }
}
