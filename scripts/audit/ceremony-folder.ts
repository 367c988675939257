/**
 * The folder of a ceremony at one holder: the plan, and what each holder has said. Each has one like it, and
 * they send each other what is new in theirs; nothing in it is secret. A file that is there stays as it is:
 * whoever says something twice says the same.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFile } from "../../node/service/durable-file.ts";
import { readGivenFile } from "../../node/service/given-file.ts";
import { decodeDeal, type SignedDeal } from "../../protocol/audit/deal.ts";
import { type CeremonyPlan, decodePlan, encodePlan } from "../../protocol/audit/plan.ts";
import { decodePledge, type SignedPledge } from "../../protocol/audit/pledge.ts";
import {
  decodeTranscript,
  encodeTranscript,
  type Transcript,
} from "../../protocol/audit/transcript.ts";
import { decodeVerdict, type SignedVerdict } from "../../protocol/audit/verdict.ts";
import { equalBytes } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";

const PLAN = "plan.bin";
const TRANSCRIPT = "transcript.bin";

/** What a holder says, by the name of its file. */
const decoders = { pledge: decodePledge, deal: decodeDeal, verdict: decodeVerdict } as const;
type Steps = { pledge: SignedPledge; deal: SignedDeal; verdict: SignedVerdict };
export type StepKind = keyof Steps;

export class CeremonyFolder {
  readonly path: string;
  readonly plan: CeremonyPlan;

  private constructor(path: string, plan: CeremonyPlan) {
    this.path = path;
    this.plan = plan;
  }

  /** @throws Refusal `conflict` where there is another plan. */
  static async create(path: string, plan: CeremonyPlan): Promise<string> {
    await mkdir(path, { recursive: true });
    return await keep(join(path, PLAN), encodePlan(plan));
  }

  /** @throws Refusal `bad-configuration` where there is no plan; as `decodePlan`. */
  static async open(path: string): Promise<CeremonyFolder> {
    return new CeremonyFolder(
      path,
      decodePlan(new Uint8Array(await readGivenFile(join(path, PLAN)))),
    );
  }

  /** What every holder said. @throws Refusal `not-found` naming the first holder whose file is missing. */
  async readAll<Kind extends StepKind>(kind: Kind): Promise<readonly Steps[Kind][]> {
    const steps: Steps[Kind][] = [];
    for (const i of this.plan.holders.keys()) steps.push(await this.#read(kind, i + 1));
    return steps;
  }

  /** The file of what a holder said, if it is there. */
  async find(kind: StepKind, holder: number): Promise<string | undefined> {
    const path = this.#pathOf(kind, holder);
    return (await contentOf(path)) === undefined ? undefined : path;
  }

  /** @returns the file that is to be sent to the others. */
  async write(kind: StepKind, { holder, bytes }: Steps[StepKind]): Promise<string> {
    return await keep(this.#pathOf(kind, holder), bytes);
  }

  async writeTranscript(transcript: Transcript): Promise<string> {
    return await keep(join(this.path, TRANSCRIPT), encodeTranscript(transcript));
  }

  async #read<Kind extends StepKind>(kind: Kind, holder: number): Promise<Steps[Kind]> {
    const path = this.#pathOf(kind, holder);
    const bytes = await contentOf(path);
    if (bytes !== undefined) return decoders[kind](bytes) as Steps[Kind];
    const { name } = this.plan.holders[holder - 1]!;
    throw new Refusal("not-found", `${path} is not there: holder ${holder}, ${name}, has it`);
  }

  #pathOf(kind: StepKind, holder: number): string {
    return join(this.path, `${kind}-${holder}.bin`);
  }
}

/** @throws Refusal as `decodeTranscript`; `bad-configuration`. */
export async function readTranscript(path: string): Promise<Transcript> {
  return decodeTranscript(new Uint8Array(await readGivenFile(path)));
}

async function contentOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a file that everyone may read. @throws Refusal `conflict` where there is another. */
async function keep(path: string, bytes: Uint8Array): Promise<string> {
  const known = await contentOf(path);
  if (known === undefined) await createFile(path, bytes, 0o644);
  else if (!equalBytes(known, bytes))
    throw new Refusal("conflict", `${path} is there, and another`);
  return path;
}
