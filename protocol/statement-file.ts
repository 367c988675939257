/**
 * What the files have in common that show something under a settled checkpoint: they are JSON, read strictly,
 * and what they show rests on a quorum of validators. Who these were is the registry's to say, so a file names
 * them under `claims`, to be compared there; or the reader has a set of its own.
 */
import type { Hex } from "./bytes.ts";
import { parseValidatorSet, type Settlement, type ValidatorSet } from "./evidence.ts";
import { checkSigned, type Standing } from "./evidence-check.ts";
import {
  bad,
  end,
  type Fields,
  fieldsOf,
  integer,
  type Parse,
  parseJson,
  take,
  text,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import type { NetworkFile } from "./network-file.ts";
import { Refusal } from "./refusal.ts";

/** What a file is, such as "statement of a payment", and the version that this software reads. */
export type FileFormat = { readonly what: string; readonly version: number };

/** Whom a file says to have been the validators. */
export type NamedValidators = { readonly validators: ValidatorSet };

/** Whose word what is shown rests on. */
export type ShownBy = Exclude<Standing, "not-shown">;

/** The first fields of a file. */
export function headOf({ what, version }: FileFormat): object {
  return { format: `tallystick ${what}`, version };
}

/** The other fields of a file. @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function openFile(source: string, { what, version: known }: FileFormat): Fields {
  if (source.length > limits.evidenceFileMax)
    throw new Refusal("too-large", `a ${what} has at most ${limits.evidenceFileMax} characters`);
  const file = fieldsOf(parseJson(source, what), what);
  if (take(file, "format", text(64)) !== `tallystick ${what}`)
    throw bad("format", `is not that of a ${what}`);
  const version = take(file, "version", integer(1));
  if (version === known) return file;
  const problem = `a ${what} of version ${version}, this software reads ${known}`;
  throw new Refusal("unsupported-version", problem);
}

export const parseNamedValidators: Parse<NamedValidators> = (value, field) => {
  const fields = fieldsOf(value, field);
  const validators = take(fields, "validators", parseValidatorSet, `${field}.`);
  end(fields, field);
  return { validators };
};

/** @throws Refusal `wrong-network`. */
export function checkNetwork(what: string, found: Hex, { networkId }: NetworkFile): void {
  if (found === networkId) return;
  throw new Refusal(
    "wrong-network",
    `the ${what} is of network ${found}, the file of ${networkId}`,
  );
}

/**
 * Whether a quorum of those named signed the checkpoint, and of those trusted where the reader has such.
 * @throws Refusal `bad-proof` for validators of another cycle, `bad-signature`.
 */
export function checkShown(
  network: NetworkFile,
  signed: Pick<Settlement, "checkpoint" | "signatures">,
  { validators: { cycle, members } }: NamedValidators,
  trusted: ReadonlySet<Hex> | undefined,
): ShownBy {
  const { number } = signed.checkpoint;
  if (cycle !== number)
    throw new Refusal("bad-proof", `the file names no validators for cycle ${number}`);
  checkSigned(network, signed, new Set(members.map(({ address }) => address)));
  if (trusted === undefined) return "by-named-validators";
  checkSigned(network, signed, trusted);
  return "by-trusted-validators";
}
