/** What the bank's people ask about a customer's device: to see it, to block it, and all that a lost one needs. */
import { Type } from "typebox";
import type { Owner } from "../protocol/key.ts";
import type { Currency } from "../protocol/money.ts";
import { Refusal } from "../protocol/refusal.ts";
import { call, type Route } from "../node/service/route.ts";
import type { Closings } from "./closings.ts";
import type { Device, Devices } from "./devices.ts";
import type { DoubleSpends } from "./double-spends.ts";
import * as examples from "./examples.ts";
import { explainLostDevice } from "./lost-device-words.ts";
import type { LostDevice, LostDevices } from "./lost-devices.ts";
import { whileNodeAnswers } from "./node-watch.ts";
import type { Revocations } from "./revocations.ts";
import * as Api from "./schema.ts";
import { may } from "./staff/roles.ts";

export type DeviceRoutesParts = {
  readonly devices: Devices;
  readonly revocations: Pick<Revocations, "revokedSince">;
  readonly lost: LostDevices;
  readonly doubleSpends: Pick<DoubleSpends, "of">;
  readonly closings: Closings;
  readonly currency: Currency;
  readonly clock: () => number;
};

const byOwner = Type.Object({ owner: Api.OwnerName });

export function deviceRoutes({
  devices,
  revocations,
  lost,
  doubleSpends,
  closings,
  currency,
  clock,
}: DeviceRoutesParts): Route[] {
  const stateOf = async (name: string): Promise<Api.DeviceState> => {
    const owner = name as Owner;
    const device = await devices.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    const revoked = revocations.revokedSince(owner);
    const state = await whileNodeAnswers(() => lost.stateOf(owner));
    return {
      ...deviceRow({ owner, ...device }),
      ...(revoked === undefined ? {} : { revoked }),
      ...(state === undefined ? {} : { lost: lostRow(state, currency, clock()) }),
      doubleSpends: await doubleSpends.of(owner),
    };
  };
  return [
    call({
      method: "GET",
      path: "/v1/devices",
      summary: "Devices, ascending",
      roles: may.seeCustomers,
      refusals: [],
      example: { query: examples.firstPage, reply: [examples.deviceRow] },
      query: Api.Page(Api.OwnerName),
      reply: Type.Array(Api.DeviceRow),
      handle: ({ query: { after, limit } }) =>
        Array.fromAsync(devices.all({ after: after as Owner, limit }), deviceRow),
    }),
    call({
      method: "GET",
      path: "/v1/devices/:owner",
      summary: "A device, how it stands if it is lost, and coins of its that were spent twice",
      roles: may.seeCustomers,
      refusals: ["not-found", "busy"],
      example: { params: examples.device, reply: examples.blocked },
      params: byOwner,
      reply: Api.DeviceState,
      handle: ({ params }) => stateOf(params.owner),
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/block",
      summary:
        "Blocks a device for good: no receipts, no certificates, no loads; others hear of it, and the chain",
      roles: may.serve,
      refusals: ["not-found", "busy"],
      example: { params: examples.device, reply: examples.blocked },
      params: byOwner,
      reply: Api.DeviceState,
      async handle({ params: { owner } }) {
        await devices.block(owner as Owner, clock());
        return stateOf(owner);
      },
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/lost",
      summary: "Blocks a device that its customer has lost, and takes back what is left on it",
      roles: may.serve,
      refusals: ["not-found", "busy"],
      example: { params: examples.device, reply: examples.blocked },
      params: byOwner,
      reply: Api.DeviceState,
      async handle({ params: { owner } }) {
        await lost.report(owner as Owner);
        return stateOf(owner);
      },
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/close",
      summary: "Blocks a device for good that its customer gives up, once all its money is back",
      roles: may.serve,
      refusals: ["not-found", "conflict", "busy"],
      example: { params: examples.device, reply: examples.closed },
      params: byOwner,
      reply: Api.DeviceState,
      async handle({ params: { owner } }) {
        await whileNodeAnswers(() => closings.closeDevice(owner as Owner));
        return stateOf(owner);
      },
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/replacement",
      summary:
        "A credential for the device that takes a lost one's place, in the place of one given before; the device, once there is one",
      roles: may.serve,
      refusals: ["not-found", "busy"],
      example: { params: examples.device, body: { load: true }, reply: examples.replacing },
      params: byOwner,
      body: Api.ReplacementFor,
      reply: Api.Replacement,
      async handle({ params, body }) {
        const owner = params.owner as Owner;
        const issued = await lost.replace(owner, body.load);
        if (issued !== undefined) return { credential: issued.text, expires: issued.expires };
        const device = (await lost.stateOf(owner))?.replacement?.device;
        return device === undefined ? {} : { device };
      },
    }),
  ];
}

function lostRow(lost: LostDevice, currency: Currency, now: number) {
  const { onDevice, reclaimed, proven, credited, contested, replacement, ...rest } = lost;
  return {
    ...rest,
    onDevice: String(onDevice),
    reclaimed: String(reclaimed),
    proven: String(proven),
    credited: String(credited),
    contested: String(contested),
    ...(replacement === undefined
      ? {}
      : { replacement: { ...replacement, loaded: String(replacement.loaded) } }),
    sentences: explainLostDevice(lost, currency, now),
  };
}

function deviceRow(device: Device & { readonly owner: Owner }): Api.DeviceRow {
  const { owner, key, account, class: deviceClass, label, registered, blocked, closed } = device;
  return {
    owner,
    key,
    account,
    class: deviceClass,
    label,
    registered,
    ...(blocked === undefined ? {} : { blocked }),
    ...(closed === undefined ? {} : { closed }),
  };
}
