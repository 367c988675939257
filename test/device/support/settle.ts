/** Devices that have all reached their gateways, and a ledger that has taken what they handed in. */
import { expect } from "chai";
import { sync } from "../../../device/sync.ts";
import { TestGateway } from "./gateway.ts";
import { type Device, total, type World } from "./world.ts";

/** Every device syncs, in the order given, until nothing is pending; then each holds what the ledger says. */
export async function settle(world: World, ...devices: readonly Device[]): Promise<void> {
  const names = devices.map(({ name }) => name);
  const gateways = new Map(
    world.members.map((member) => [member, new TestGateway(world, member, names)]),
  );
  for (let round = 0; round < 3; round++) {
    for (const { purse, member } of devices) {
      await sync(purse, gateways.get(member)!);
      for (const gateway of gateways.values()) gateway.sequence();
    }
  }
  for (const device of devices) {
    expect(device.purse.pending(), device.name).to.deep.equal([]);
    expect(total(device.purse), device.name).to.equal(world.onLedger(device));
  }
  for (const { refused } of gateways.values()) expect([...refused]).to.deep.equal([]);
}
