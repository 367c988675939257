/** What anyone checks without this node's word: the signatures under a checkpoint, a record's place under its root, an entry's in the state. */
import { type Static, Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { formatStateStatement } from "../../protocol/state-statement.ts";
import type { SettledEntry, SettledState } from "../checkpoints/settled-state.ts";
import { type SettlementExport, stateStatement } from "../evidence/settlement-export.ts";
import { call, type Route } from "../service/route.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import * as Api from "./schema.ts";

export type ProofAnswers = {
  readonly networkId: Hex;
  readonly settlements: Pick<SettlementExport, "cycle" | "of" | "forget">;
  readonly settledState: Pick<SettledState, "coin" | "member">;
  readonly store: Pick<LedgerStore, "applied">;
};

const hex = (description: string) => Type.String({ pattern: "^0x([0-9a-f]{2})*$", description });

export const SettlementProof = Type.Object({
  checkpoint: Type.Object({
    number: Type.Integer(),
    seq: Type.Integer(),
    applied: Type.Integer(),
    appliedRoot: Type.String(),
    supply: Api.AmountText,
    positions: Type.Array(
      Type.Object({
        member: Api.MemberNumber,
        delta: Api.SignedAmountText,
        withdrawn: Api.AmountText,
      }),
    ),
    stateRoot: Type.String(),
  }),
  signatures: Type.Array(hex("65 bytes, ascending by signer")),
  validators: Type.Array(
    Type.Object({ member: Api.MemberNumber, name: Type.String(), address: hex("20 bytes") }),
    { description: "Of the active members after that block, as the registry says" },
  ),
  blockNumber: Type.Integer({ description: "Block that settled the cycle" }),
});

export const InclusionProof = Type.Object({
  cycle: Type.Integer({ description: "Cycle in which the record applied" }),
  index: Type.Integer({ description: "Its place among the records of the cycle, from 0" }),
  path: Type.Array(hex("Sibling hashes, lowest first")),
});

export type SettlementProof = Static<typeof SettlementProof>;
export type InclusionProof = Static<typeof InclusionProof>;

export function proofRoutes(answers: () => ProofAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/checkpoints/:cycle/settlement",
      summary: "The checkpoint that settled a cycle, and the signatures under it",
      params: Type.Object({ cycle: Type.Integer({ minimum: 1 }) }),
      reply: SettlementProof,
      timeoutMs: 60_000,
      handle: ({ params: { cycle } }) => settlementOf(answers(), cycle),
    }),
    call({
      method: "GET",
      path: "/v1/records/:id/inclusion",
      summary: "A record's place among those of its cycle, and the path to the checkpoint's root",
      params: Type.Object({ id: Api.RecordId }),
      reply: InclusionProof,
      timeoutMs: 60_000,
      handle: ({ params: { id } }) => inclusionOf(answers(), id as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/coins/:outpoint/statement",
      summary:
        "The file that shows a coin unspent at the last settlement, to whoever has the network file alone",
      params: Type.Object({ outpoint: Api.OutpointName }),
      reply: { contentType: "application/json" },
      timeoutMs: 60_000,
      handle: async ({ params: { outpoint } }) =>
        stateFile(answers(), await answers().settledState.coin(outpoint as Hex)),
    }),
    call({
      method: "GET",
      path: "/v1/members/:member/statement",
      summary:
        "The file that shows a member's status and keys at the last settlement, to whoever has the network file alone",
      params: Type.Object({ member: Api.MemberNumber }),
      reply: { contentType: "application/json" },
      timeoutMs: 60_000,
      handle: async ({ params: { member } }) =>
        stateFile(answers(), await answers().settledState.member(member)),
    }),
  ];
}

/** @throws Refusal `not-found` while the cycle is not settled. */
async function settlementOf(
  { settlements }: ProofAnswers,
  cycle: number,
): Promise<SettlementProof> {
  const settled = await settlements.cycle(cycle);
  if (settled === undefined) throw new Refusal("not-found", `cycle ${cycle} is not settled here`);
  const { checkpoint, signatures, validators } = settled;
  return {
    checkpoint: {
      ...checkpoint,
      supply: checkpoint.supply.toString(),
      positions: checkpoint.positions.map(({ member, delta, withdrawn }) => ({
        member,
        delta: delta.toString(),
        withdrawn: withdrawn.toString(),
      })),
    },
    signatures: [...signatures],
    validators: [...validators.members],
    blockNumber: validators.atBlock,
  };
}

async function stateFile(
  { networkId, settlements }: ProofAnswers,
  { cycle, entry }: SettledEntry,
): Promise<Uint8Array> {
  const shown = await settlements.cycle(cycle);
  if (shown === undefined) throw new Error(`cycle ${cycle} settled, and its event is not here`);
  return Buffer.from(formatStateStatement(stateStatement(networkId, entry, shown)));
}

/** @throws Refusal `not-found` for a record that has not applied, or whose cycle is not settled. */
async function inclusionOf({ store, settlements }: ProofAnswers, id: Hex): Promise<InclusionProof> {
  const [row] = await store.applied([id]);
  const shown = row && (await settlements.of(row.cycle, id).finally(() => settlements.forget()));
  if (shown === undefined)
    throw new Refusal("not-found", `record ${id} is in no cycle that is settled here`);
  const { index, path } = shown.settlement;
  return { cycle: shown.validators.cycle, index, path: [...path] };
}
