/** Benches with devices of this SDK: a purse, and a card that has one. */
import { type Extra, extras } from "../conformance/command.ts";
import { CardApplication } from "../nfc/card-application.ts";
import type { PurseParts } from "../holder.ts";
import type { Bench } from "./adapter.ts";
import type { CutPower, Driven } from "./driven.ts";
import { DrivenCard } from "./driven-card.ts";
import { DrivenPurse } from "./driven-purse.ts";

/** @param bench makes and opens what a purse is given. */
export function purseBench(bench: Bench<PurseParts>, cutPower: CutPower): Bench<Driven> {
  return driving(bench, extras, (parts) => DrivenPurse.open(parts, cutPower));
}

/** The same purse behind a card application: it pays and is paid by APDUs. */
export function cardBench(bench: Bench<PurseParts>, cutPower: CutPower): Bench<Driven> {
  return driving(bench, ["pin"], async (parts) => {
    const inside = await DrivenPurse.open(parts, cutPower);
    const application = new CardApplication(inside.purse);
    const channel = { transmit: (command: Uint8Array) => application.handle(command) };
    return DrivenCard.open(channel, inside, cutPower);
  });
}

function driving<Device>(
  bench: Bench<Device>,
  has: readonly Extra[],
  drive: (device: Device) => Promise<Driven>,
): Bench<Driven> {
  const { name, version, class: deviceClass } = bench;
  return {
    name,
    version,
    class: deviceClass,
    extras: has,
    make: async (settings) => drive(await bench.make(settings)),
    open: async () => {
      const device = await bench.open();
      return device === undefined ? undefined : drive(device);
    },
  };
}
