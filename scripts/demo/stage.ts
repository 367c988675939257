/** What the demo is played on: the network, the amounts, who tells it; and where everyone is found. */
import { MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import type { Devnet } from "../devnet/network.ts";
import type { Amounts } from "./amounts.ts";
import type { Device } from "./device.ts";
import type { GatewayPlace } from "./device-process.ts";
import { Staff } from "./staff.ts";
import type { Story } from "./story.ts";

export type Stage = {
  readonly devnet: Devnet;
  readonly story: Story;
  readonly amounts: Amounts;
  /** What is to be stopped in the end. */
  readonly running: AsyncDisposableStack;
};

/** The bank of each person. */
export const banks = { a: 1, b: 2, c: 2, d: 1 } as const;
export type Name = keyof typeof banks;
export type People = Readonly<Record<Name, Device>>;

/** By member; 0 is the observer. */
export const nodes = [OBSERVER, ...MEMBERS];

export function gatewayOf({ devnet }: Stage, name: Name): GatewayPlace {
  const member = banks[name];
  return { url: devnet.deviceUrl(member), member };
}

/** The counter of a person's bank. */
export function counterOf({ devnet }: Stage, name: Name): Staff {
  return new Staff(devnet.staffUrl(banks[name]));
}
