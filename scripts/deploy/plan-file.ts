/** The plan of a network as the authority writes it down: one YAML or JSON file, every value public. */
import { type Static, Type } from "typebox";
import type { Admission } from "../../node/chain/members.ts";
import { loadConfig, section } from "../../node/service/config-file.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { type Amount, type Currency, parseAmount } from "../../protocol/money.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { type DeployPlan, type PlannedMember, profiles } from "./plan.ts";

const Address = Type.String({ pattern: "^0x[0-9a-f]{40}$", description: "An account, in quotes" });
const Key = Type.String({
  pattern: "^0x0[23][0-9a-f]{64}$",
  description: "A compressed P-256 key, in quotes",
});
const Money = Type.String({ pattern: "^[0-9.]+$", description: "Such as 1000.00, in quotes" });
const Addresses = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
  maxItems: 8,
  default: [],
  description: "Multiaddresses",
});

const Member = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 32 }),
    bic: Type.String({ pattern: "^[A-Z0-9]{8}([A-Z0-9]{3})?$" }),
    lei: Type.String({ pattern: "^[A-Z0-9]{20}$" }),
    operator: Address,
    validator: Address,
    issuer: Key,
    treasury: Key,
    intake: Key,
    peerId: Type.String({ minLength: 1, maxLength: 128 }),
    addresses: Addresses,
    quota: Money,
    guarantee: Money,
    reserve: Type.String({ default: "0", description: "Issued to the operator at the start" }),
  },
  { additionalProperties: false },
);

const whole = (description: string, maximum = 2 ** 32 - 1) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum, description }));

const Plan = Type.Object(
  {
    profile: Type.Union([Type.Literal("production"), Type.Literal("devnet")], {
      description: "The parameters that the ones below start from",
    }),
    authority: Address,
    regulator: Type.Optional(Address),
    delayS: whole("How long the authority's calls are announced before"),
    parameters: section({
      version: whole("Of rules and formats", 0xffff),
      penaltyPercent: whole("Fine for a double spend", 0xffff),
      confirmations: whole("Blocks on top of an event's", 0xffff),
      blockPeriodMs: whole("The chain's block period"),
      minCycleS: whole("Shortest cycle"),
      receiptLifeS: whole("Longest life of receipts and certificates"),
      reclaimDelayS: whole("From a revocation to the first reclaim"),
      claimPeriodS: whole("How long double spends may be reported"),
      retentionS: whole("How long batches are served"),
    }),
    currency: Type.Object(
      {
        code: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" }),
        digits: Type.Integer({ minimum: 0, maximum: 4, description: "Of the minor unit" }),
      },
      { additionalProperties: false },
    ),
    members: Type.Array(Member, { maxItems: 256, default: [] }),
    observers: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 32 }),
          peerId: Type.String({ minLength: 1, maxLength: 128 }),
          addresses: Addresses,
        },
        { additionalProperties: false },
      ),
      { maxItems: 64, default: [] },
    ),
  },
  { additionalProperties: false },
);

/** @throws Refusal `bad-configuration` naming line and column, or the member and its field. */
export async function loadPlan(path: string): Promise<DeployPlan> {
  const { profile, authority, regulator, delayS, parameters, currency, members, observers } =
    await loadConfig(path, Plan);
  const from = profiles[profile];
  return {
    authority: authority as Hex,
    ...(regulator === undefined ? {} : { regulator: regulator as Hex }),
    delayS: delayS ?? from.delayS,
    parameters: { ...from.parameters, ...parameters },
    currency,
    members: members.map((member, index) =>
      plannedMember(member, currency, `${path}: members[${index}]`),
    ),
    observers,
  };
}

/** One member, as it stands in a plan, for its admission later. @throws Refusal as `loadPlan` does. */
export async function loadPlannedMember(path: string, currency: Currency): Promise<PlannedMember> {
  return plannedMember(await loadConfig(path, Member), currency, path);
}

function plannedMember(
  member: Static<typeof Member>,
  currency: Currency,
  place: string,
): PlannedMember {
  const amount = (field: "quota" | "guarantee" | "reserve"): Amount => {
    try {
      return parseAmount(member[field], currency);
    } catch (error) {
      throw isRefusal(error)
        ? new Refusal("bad-configuration", `${place}.${field}: ${error.message}`)
        : error;
    }
  };
  const { name, bic, lei, peerId, addresses } = member;
  const admission: Admission = {
    name,
    bic,
    lei,
    peerId,
    addresses,
    operator: member.operator as Hex,
    validator: member.validator as Hex,
    issuer: fromHex(member.issuer),
    treasury: fromHex(member.treasury),
    intake: fromHex(member.intake),
    quota: amount("quota"),
    guarantee: amount("guarantee"),
  };
  return { ...admission, reserve: amount("reserve") };
}
