/**
 * The evidence file: what a court, a regulator or another bank needs to see a double spend for itself,
 * with nothing but the network file beside it. JSON, so that anyone can open it; strict, so that nothing
 * in it is passed over. It carries bytes that devices and validators signed, and no reading of them that
 * could differ from the bytes. What it cannot prove stands apart, under `claims`, to be compared on chain.
 */
import { fromHex, type Hex, toHex } from "./bytes.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import {
  bad,
  end,
  fieldsOf,
  hex,
  hexUpTo,
  integer,
  list,
  type Parse,
  parseJson,
  take,
  text,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import { type MemberId, type Outpoint, OUTPOINT_LENGTH } from "./output.ts";
import { isRefusal, Refusal } from "./refusal.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "./typed-data.ts";

export const EVIDENCE_FORMAT = "tallystick evidence of a double spend";
export const EVIDENCE_VERSION = 1;

/** Members' names, and what a reference is of. */
const NAME_MAX = 128;
/** A winner's event and its settlement, for each coin, and the loser's own. */
const REFERENCES_MAX = 64;

/** That the winner applied: its place under a checkpoint, and who signed that. */
export type Settlement = {
  /** The winner's place among the records that the cycle applied, from 0. */
  readonly index: number;
  /** Sibling hashes from the winner's id up to the checkpoint's appliedRoot. */
  readonly path: readonly Hex[];
  readonly checkpoint: Checkpoint;
  /** 65 bytes each, ascending by signer. */
  readonly signatures: readonly Hex[];
};

/** One coin that the losing record names and another record took. */
export type Loss = {
  readonly outpoint: Outpoint;
  /** The whole record, or the deposit, that made the coin. */
  readonly parent: Hex;
  /** The whole record that took it. */
  readonly winner: Hex;
  /** Null while the winner's cycle has not settled. */
  readonly settlement: Settlement | null;
};

/** A validator as the registry names it. */
export type NamedValidator = {
  readonly member: MemberId;
  readonly name: string;
  readonly address: Hex;
};

/** Whose signatures count for a cycle: the validators of active members in the registry after a block. */
export type ValidatorSet = {
  readonly cycle: number;
  readonly atBlock: number;
  /** Ascending by member. */
  readonly members: readonly NamedValidator[];
};

/** Where something stands on the chain, for whoever compares. */
export type ChainReference = {
  /** What it is, in a few words. */
  readonly what: string;
  /** Of the ledger's event. */
  readonly seq: number;
  readonly blockNumber: number;
  readonly blockHash: Hex;
};

export type Evidence = {
  readonly networkId: Hex;
  /** The whole losing record. */
  readonly loser: Hex;
  /** By outpoint, ascending. */
  readonly losses: readonly Loss[];
  readonly claims: {
    /** One set for each cycle whose checkpoint is shown, ascending by cycle. */
    readonly validators: readonly ValidatorSet[];
    readonly chain: readonly ChainReference[];
  };
};

/** The text of an evidence file: the same bytes for the same evidence. */
export function formatEvidence({ networkId, loser, losses, claims }: Evidence): string {
  const plain = losses.map(({ settlement, ...loss }) => ({
    ...loss,
    settlement: settlement && plainSettlement(settlement),
  }));
  const head = { format: EVIDENCE_FORMAT, version: EVIDENCE_VERSION };
  return `${JSON.stringify({ ...head, networkId, loser, losses: plain, claims }, undefined, 2)}\n`;
}

/** A settlement as JSON carries it. */
export function plainSettlement(settlement: Settlement): object {
  return { ...settlement, checkpoint: toHex(encodeCheckpoint(settlement.checkpoint)) };
}

/**
 * Reads the text of an evidence file. What it says is not checked yet: see evidence-check.ts.
 * @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`.
 */
export function parseEvidence(source: string): Evidence {
  if (source.length > limits.evidenceFileMax)
    throw new Refusal(
      "too-large",
      `an evidence file has at most ${limits.evidenceFileMax} characters`,
    );
  const file = fieldsOf(parseJson(source, "evidence"), "evidence");
  if (take(file, "format", text(64)) !== EVIDENCE_FORMAT)
    throw bad("format", "is not that of evidence");
  const version = take(file, "version", integer(1));
  if (version !== EVIDENCE_VERSION) {
    const known = `this software reads ${EVIDENCE_VERSION}`;
    throw new Refusal("unsupported-version", `evidence of version ${version}, ${known}`);
  }
  const evidence: Evidence = {
    networkId: take(file, "networkId", hex(32)),
    loser: take(file, "loser", leaf),
    losses: take(file, "losses", list(loss, 1, limits.inputsMax)),
    claims: take(file, "claims", claims),
  };
  end(file, "evidence");
  checkAscending(
    evidence.losses.map(({ outpoint }) => outpoint),
    "losses",
  );
  return evidence;
}

const leaf = hexUpTo(limits.leafBytesMax);
const validatorSignature = hex(VALIDATOR_SIGNATURE_LENGTH);
/** 2^40 records in one cycle. */
const PATH_MAX = 40;

export const parseSettlement: Parse<Settlement> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    index: take(fields, "index", integer(0), path),
    path: take(fields, "path", list(hex(32), 0, PATH_MAX), path),
    checkpoint: take(fields, "checkpoint", parseCheckpoint, path),
    signatures: take(fields, "signatures", list(validatorSignature, 1, limits.validatorsMax), path),
  };
  end(fields, field);
  return read;
};

const loss: Parse<Loss> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    outpoint: take(fields, "outpoint", hex(OUTPOINT_LENGTH), path),
    parent: take(fields, "parent", leaf, path),
    winner: take(fields, "winner", leaf, path),
    settlement: take(fields, "settlement", orNull(parseSettlement), path),
  };
  end(fields, field);
  return read;
};

const validator: Parse<NamedValidator> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    member: take(fields, "member", integer(1, 0xffff), path),
    name: take(fields, "name", text(NAME_MAX), path),
    address: take(fields, "address", hex(20), path),
  };
  end(fields, field);
  return read;
};

export const parseValidatorSet: Parse<ValidatorSet> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    cycle: take(fields, "cycle", integer(1), path),
    atBlock: take(fields, "atBlock", integer(0), path),
    members: take(fields, "members", list(validator, 1, limits.validatorsMax), path),
  };
  end(fields, field);
  checkAscending(
    read.members.map(({ member }) => member),
    `${field}.members`,
  );
  return read;
};

const reference: Parse<ChainReference> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    what: take(fields, "what", text(NAME_MAX), path),
    seq: take(fields, "seq", integer(1), path),
    blockNumber: take(fields, "blockNumber", integer(0), path),
    blockHash: take(fields, "blockHash", hex(32), path),
  };
  end(fields, field);
  return read;
};

const claims: Parse<Evidence["claims"]> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    validators: take(fields, "validators", list(parseValidatorSet, 0, limits.inputsMax), path),
    chain: take(fields, "chain", list(reference, 0, REFERENCES_MAX), path),
  };
  end(fields, field);
  checkAscending(
    read.validators.map(({ cycle }) => cycle),
    `${field}.validators`,
  );
  return read;
};

export function parseCheckpoint(value: unknown, field: string): Checkpoint {
  const bytes = fromHex(hexUpTo(limits.checkpointMax)(value, field));
  try {
    return decodeCheckpoint(bytes);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw bad(field, `is no checkpoint: ${error.message}`);
  }
}

function orNull<T>(parse: Parse<T>): Parse<T | null> {
  return (value, field) => (value === null ? null : parse(value, field));
}

function checkAscending<T extends string | number>(values: readonly T[], field: string): void {
  if (values.some((value, i) => i > 0 && value <= values[i - 1]!))
    throw bad(field, "are not ascending");
}
