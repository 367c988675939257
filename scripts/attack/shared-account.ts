/** The chain as an account speaks to it that a node uses too: of two who number a transaction alike, one sends again. */
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import { NonceTakenError } from "../../node/chain/errors.ts";
import type { Receipt } from "../../node/chain/transaction.ts";

/** A node sends a few transactions a second at the most. */
const TRIES = 20;

export class SharedAccount extends ChainClient {
  /** Nothing was sent where the number was taken, so nothing is done twice. */
  override async send(call: ContractCall, signal?: AbortSignal): Promise<Receipt> {
    for (let tried = 1; ; tried++) {
      try {
        return await super.send(call, signal);
      } catch (error) {
        if (!(error instanceof NonceTakenError) || tried === TRIES) throw error;
      }
    }
  }
}
