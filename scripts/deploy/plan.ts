/** What a network is to be when it opens. No secret is part of it. */
import type { Admission, NetworkParameters, ObserverEntry } from "../../node/chain/members.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount, Currency } from "../../protocol/money.ts";

/** A member as it is admitted. */
export type PlannedMember = Admission & {
  /** Reserves that the authority issues to its operator. */
  readonly reserve: Amount;
};

export type DeployPlan = {
  /** The account that administers the network once it stands. Not the one that deploys it. */
  readonly authority: Hex;
  /** The account that rules on cases: the authority's where the plan names no other. */
  readonly regulator?: Hex;
  /** How long each of the authority's calls must be announced before, upgrades among them. */
  readonly delayS: number;
  readonly parameters: NetworkParameters;
  readonly currency: Currency;
  /** Their ids are 1, 2, … in this order. */
  readonly members: readonly PlannedMember[];
  readonly observers: readonly ObserverEntry[];
};

const DAY_S = 24 * 60 * 60;

/** The two sets of parameters there are. */
export const profiles = {
  production: {
    delayS: 7 * DAY_S,
    parameters: {
      version: 1,
      penaltyPercent: 200,
      confirmations: 0,
      blockPeriodMs: 1000,
      minCycleS: 15 * 60,
      receiptLifeS: 7 * DAY_S,
      reclaimDelayS: 14 * DAY_S,
      claimPeriodS: 30 * DAY_S,
      retentionS: 400 * DAY_S,
    },
  },
  devnet: {
    delayS: 2,
    parameters: {
      version: 1,
      penaltyPercent: 200,
      confirmations: 0,
      blockPeriodMs: 250,
      minCycleS: 2,
      receiptLifeS: 7 * DAY_S,
      reclaimDelayS: 14 * DAY_S,
      claimPeriodS: 30 * DAY_S,
      retentionS: 400 * DAY_S,
    },
  },
} as const satisfies Record<string, Pick<DeployPlan, "delayS" | "parameters">>;
