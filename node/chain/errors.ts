/**
 * How dealing with the chain can fail, each with a name: what comes and goes, what was said no to, and what
 * ends a node until its operator has mended it.
 */
import { Refusal } from "../../protocol/refusal.ts";

/** The chain does not answer, or not in time. It may come back, and what was asked can be asked again. */
export class ChainDownError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the chain does not answer: ${detail}`, options);
    this.name = "ChainDownError";
  }
}

/** The chain answered a call with an error of its own. */
export class ChainRpcError extends Error {
  /** As JSON-RPC numbers errors. */
  readonly code: number;

  constructor(method: string, code: number, detail: string, options?: ErrorOptions) {
    super(`the chain refuses ${method}: ${detail} (${code})`, options);
    this.name = "ChainRpcError";
    this.code = code;
  }
}

/** A contract said no. */
export class ChainRevert extends Error {
  /** The custom error's name, such as `SettlementBatchNotNext`; `unknown` if it is in no interface of ours. */
  readonly errorName: string;
  /** Its arguments: bigints, strings, booleans. */
  readonly args: readonly unknown[];

  constructor(errorName: string, args: readonly unknown[], options?: ErrorOptions) {
    super(`${errorName}(${args.map(String).join(", ")})`, options);
    this.name = "ChainRevert";
    this.errorName = errorName;
    this.args = args;
  }
}

/** Another transaction of the same account took the number of this one, which will never be included. */
export class NonceTakenError extends Error {
  constructor(address: string, nonce: number) {
    super(`another transaction of ${address} took nonce ${nonce}: is its key in use elsewhere?`);
    this.name = "NonceTakenError";
  }
}

/** The chain lost its history: an event that was folded is no longer where it was. The node must stop. */
export class ChainHistoryError extends Refusal {
  constructor(blockNumber: number, expected: string, found: string) {
    super(
      "lost-history",
      `the chain lost its history: block ${blockNumber} was ${expected} and now is ${found}`,
    );
    this.name = "ChainHistoryError";
  }
}

/** The log has a hole: the next event is not the one that must follow. The node must stop. */
export class ChainGapError extends Refusal {
  constructor(expected: number, found: number, blockNumber: number) {
    super(
      "lost-history",
      `the log has a gap: event ${expected} is missing, and by block ${blockNumber} there is event ${found}`,
    );
    this.name = "ChainGapError";
  }
}

/** A contract of the network wrote an event that this software does not know. The node must stop. */
export class ChainUnknownEventError extends Refusal {
  constructor(contract: string, blockNumber: number, detail: string) {
    super(
      "unsupported-version",
      `the ${contract} wrote an event in block ${blockNumber} that this software does not read: ${detail}`,
    );
    this.name = "ChainUnknownEventError";
  }
}
