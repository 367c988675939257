/** The route that says who is in the consortium, and who takes part as this node sees it. */
import { type Static, Type } from "typebox";
import type { NetworkFile } from "../../protocol/network-file.ts";
import type { MemberHealth } from "../health-watch.ts";
import { call, type Route } from "../service/route.ts";
import { MemberNumber } from "./schema.ts";

export type ConsortiumAnswers = {
  readonly network: NetworkFile;
  readonly members: () => readonly MemberHealth[];
  readonly now: () => number;
};

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const Consortium = Type.Object({
  network: Type.Object({
    networkId: Type.String(),
    chainId: count("Of the chain"),
    settlement: Type.String({ description: "Address of the Settlement's proxy" }),
    currency: Type.Object({ code: Type.String(), digits: count("Of the minor unit") }),
  }),
  nowMs: count("The node's clock, milliseconds since 1970"),
  members: Type.Array(
    Type.Object({
      member: MemberNumber,
      name: Type.String(),
      status: Type.Integer({ minimum: 1, maximum: 3 }),
      connected: Type.Boolean({ description: "With this node; its own member counts" }),
      sinceMs: count("Since when it has been so, at the earliest this node's start"),
      lastBatchS: Type.Optional(count("Block time of its last batch since this node's start")),
      divergence: Type.Optional(
        Type.Object(
          {
            cycle: count("The last of which it was heard"),
            digest: Type.String({ description: "Of its checkpoint" }),
            sinceMs: count("When this node first heard of it, milliseconds since 1970"),
          },
          {
            description:
              "That it comes to another checkpoint than this node: one of the two is wrong",
          },
        ),
      ),
    }),
  ),
});

export type Consortium = Static<typeof Consortium>;

export function consortiumRoutes(answers: () => ConsortiumAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/consortium",
      summary: "The members by name, and which of them take part as this node sees it",
      reply: Consortium,
      handle() {
        const { network, members, now } = answers();
        const { networkId, chainId, currency, contracts } = network;
        return {
          network: { networkId, chainId, settlement: contracts.settlement, currency },
          nowMs: now(),
          members: members().map(({ lastBatchS, divergence, ...row }) => ({
            ...row,
            ...(lastBatchS === undefined ? {} : { lastBatchS }),
            ...(divergence === undefined ? {} : { divergence }),
          })),
        };
      },
    }),
  ];
}
