/** What is before the contract for double spends in one run: promises that were false, cases, awards. */
import type { Statement } from "./disputes.ts";
import type { Note, Target } from "./model.ts";

/** A false receipt or certificate, and those who hold what came of it. */
export type Fraud = {
  readonly statement: Statement;
  readonly losses: readonly Target[];
  readonly payments: readonly string[];
};

export class Docket {
  readonly frauds: Fraud[] = [];
  /** Numbers of the cases that were opened. */
  readonly cases: number[] = [];
  /** Those of them in which nothing was promised falsely. */
  readonly unfounded = new Set<number>();
  /** What was awarded, to whom. */
  readonly awards: Omit<Note, "terms">[] = [];
  /** What was paid on reports for each device, without a ruling. */
  readonly covered = new Map<string, bigint>();
}
