/** What devices and couriers ask of a gateway. Anyone may: what counts is signed by itself. */
import { Type } from "typebox";
import { encodeAcknowledgement } from "../protocol/acknowledgement.ts";
import { type Hex, toHex, utf8 } from "../protocol/bytes.ts";
import { decodeDeviceRequest } from "../protocol/device-request.ts";
import { decodeLeaves } from "../protocol/leaf-list.ts";
import { limits } from "../protocol/limits.ts";
import type { SignedTrustList } from "../protocol/lists.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import { encodeParcelState } from "../protocol/parcel.ts";
import { Refusal } from "../protocol/refusal.ts";
import { decodeShowing } from "../protocol/showing.ts";
import { bytes, call, events, type Route } from "../node/service/route.ts";
import { type DeviceDesk, deskRefusals } from "./device-desk.ts";
import * as examples from "./examples.ts";
import { REVOCATIONS_PATH } from "./foreign-lists.ts";
import type { Intake } from "./intake.ts";
import type { Explanations } from "./explanations.ts";
import { PARCEL_BYTES_MAX, PARCELS_PATH, type Parcels } from "./parcels.ts";
import type { Presentations } from "./presentations.ts";
import type { RecordEvents } from "./record-events.ts";
import type { Revocations } from "./revocations.ts";
import * as Api from "./schema.ts";
import type { StrangerRates } from "./stranger-rates.ts";

export type RoutesParts = {
  readonly desk: DeviceDesk;
  readonly parcels: Parcels;
  readonly intake: Intake;
  readonly strangerRates: Pick<StrangerRates, "takeLeaves">;
  readonly revocations: Revocations;
  readonly explanations: Explanations;
  readonly presentations: Presentations;
  readonly recordEvents: RecordEvents<Api.Explanation>;
  /** As of now: keys may be rotated. */
  readonly info: () => Api.MemberInfo;
  /** @throws Refusal `unavailable` while the network is not known. */
  readonly network: () => Api.NetworkInfo;
};

/** A request's fields around its payload, and what sealing adds. */
const HEAD_MAX = 512;
const byId = Type.Object({ id: Api.RecordId });

export function gatewayRoutes({
  desk,
  parcels,
  intake,
  strangerRates,
  revocations,
  explanations,
  presentations,
  recordEvents,
  info,
  network,
}: RoutesParts): Route[] {
  return [
    call({
      method: "POST",
      path: "/v1/device",
      summary: "A device's signed request; the reply is a device reply, answered or refused",
      description: `What is refused for the device's own reasons is answered 200, in a signed request's reply: ${deskRefusals.join(", ")}; or, of a load that never applied, why the ledger refused it`,
      refusals: ["bad-signature", "not-for-us", "busy", "rate-limited"],
      body: bytes,
      reply: bytes,
      bodyMaxBytes: limits.gatewayPayloadMax + HEAD_MAX,
      handle: ({ body }) => desk.answer(decodeDeviceRequest(body)),
    }),
    call({
      method: "POST",
      path: PARCELS_PATH,
      summary:
        "A parcel that a courier brings, for any member; the reply is its state, with the sealed answer once there is one",
      refusals: ["unsupported-version", "not-for-us", "unknown-member", "busy", "rate-limited"],
      body: bytes,
      reply: bytes,
      bodyMaxBytes: PARCEL_BYTES_MAX,
      handle: async ({ body }) => encodeParcelState(await parcels.take(body)),
    }),
    call({
      method: "POST",
      path: "/v1/leaves",
      summary:
        "Leaves, count u16 × (length u32 | leaf); the reply is an acknowledgement of them all",
      refusals: ["bad-signature", "busy", "rate-limited"],
      body: bytes,
      reply: bytes,
      bodyMaxBytes: limits.gatewayPayloadMax + HEAD_MAX,
      admit: () => intake.checkRoom(),
      async handle({ body, address, signal }) {
        const leaves = decodeLeaves(body);
        strangerRates.takeLeaves(address, leaves.length);
        return encodeAcknowledgement(await intake.acknowledge(leaves, { signal }));
      },
    }),
    call({
      method: "GET",
      path: "/v1/records/:id",
      summary: "Where a record is",
      refusals: ["busy"],
      example: { params: examples.byId, reply: examples.whereabouts },
      params: byId,
      reply: Type.Omit(Api.Explanation, ["sentences"]),
      handle: ({ params }) => explanations.of(params.id as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/records/:id/explain",
      summary: "Why a record is where it is, in plain words",
      refusals: ["busy"],
      example: { params: examples.byId, reply: examples.explanation },
      params: byId,
      reply: Api.Explanation,
      handle: ({ params }) => explanations.of(params.id as Hex),
    }),
    call({
      method: "POST",
      path: "/v1/presentations",
      summary:
        "A party's showing of one payment; the reply is the file that shows it to others, JSON as it is to be kept",
      refusals: [
        "unsupported-version",
        "bad-signature",
        "bad-proof",
        "not-found",
        "conflict",
        "unknown-member",
        "busy",
        "rate-limited",
      ],
      body: bytes,
      reply: bytes,
      bodyMaxBytes: limits.showingMax,
      timeoutMs: 60_000,
      handle: async ({ body }) => utf8.encode(await presentations.of(decodeShowing(body))),
    }),
    events({
      path: "/v1/records/:id/events",
      summary:
        "The same, now and whenever it changes; with Last-Event-ID, what has changed since that event",
      refusals: ["busy"],
      params: byId,
      event: Api.Explanation,
      follow: ({ params, lastEventId, signal }) =>
        recordEvents.follow(params.id as Hex, lastEventId, signal),
    }),
    call({
      method: "GET",
      path: REVOCATIONS_PATH,
      summary: "The member's revocation list, as of now",
      refusals: [],
      reply: bytes,
      handle: async () => (await revocations.list()).bytes,
    }),
    call({
      method: "GET",
      path: "/v1/member",
      summary: "Whose gateway this is, and where its vault is",
      refusals: [],
      reply: Api.MemberInfo,
      handle: () => info(),
    }),
    call({
      method: "GET",
      path: "/v1/network",
      summary: "What a device is set up with",
      refusals: [],
      reply: Api.NetworkInfo,
      handle: () => network(),
    }),
  ];
}

/** For `RoutesParts.network`. @throws Refusal `unavailable` while no trust list names the member. */
export function networkInfo(fields: {
  readonly network: NetworkFile;
  readonly member: number;
  readonly trust: SignedTrustList | undefined;
  readonly trustKey: Hex;
  readonly receiptLifeMs: number;
}): Api.NetworkInfo {
  const { network, member, trust, trustKey, receiptLifeMs } = fields;
  const row = trust?.members.find((each) => each.member === member);
  if (row === undefined) throw new Refusal("unavailable", "no trust list names this member yet");
  const { networkId, currency } = network;
  const receiptLifeS = receiptLifeMs / 1000;
  return { networkId, member, name: row.name, currency, trustKey, receiptLifeS };
}

/** For `RoutesParts.info`. */
export function memberInfo(fields: {
  readonly networkId: Hex;
  readonly member: number;
  readonly vault: Hex;
  readonly issuer: Uint8Array;
  readonly intake: Uint8Array;
}): Api.MemberInfo {
  return { ...fields, issuer: toHex(fields.issuer), intake: toHex(fields.intake) };
}
