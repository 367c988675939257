/**
 * The end of a device and of an account. Only the device can spend its coins, so it redeems them first; a bank
 * that takes part in the end of one makes sure that nothing of the customer's is left behind: on the device, on
 * its way, or waiting to be the customer's again. What other devices pay to it without having heard of its end
 * is taken back as a lost device's is, and is credited to the account, closed or not.
 */
import type { Owner } from "../protocol/key.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { NodeClient } from "../node/client.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import type { Loads } from "./loads.ts";
import type { LostDevices } from "./lost-devices.ts";
import type { Reclaims } from "./reclaims.ts";

export type ClosingsParts = {
  readonly accounts: Accounts;
  readonly devices: Pick<Devices, "get" | "of">;
  readonly loads: Pick<Loads, "openOf">;
  readonly lost: Pick<LostDevices, "close">;
  readonly reclaims: Pick<Reclaims, "of">;
  readonly node: Pick<NodeClient, "enrolment">;
  /** Throws while the node is not up with the chain. */
  readonly checkNode: () => void;
};

export class Closings {
  readonly #parts: ClosingsParts;

  constructor(parts: ClosingsParts) {
    this.#parts = parts;
  }

  /** @throws Refusal `not-found`; `conflict` while anything of it is outstanding. */
  async closeDevice(owner: Owner): Promise<void> {
    const { devices, lost, checkNode } = this.#parts;
    checkNode();
    const device = await devices.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    await this.#checkEmpty(owner, device.account);
    await lost.close(owner);
  }

  /**
   * Closes an account whose devices are closed, or lost and taken back.
   * @throws Refusal `not-found`; `conflict` while anything of it is outstanding.
   */
  async closeAccount(account: AccountId): Promise<void> {
    const { accounts, devices, checkNode } = this.#parts;
    checkNode();
    for (const owner of await devices.of(account)) {
      if ((await devices.get(owner))?.blocked === undefined) {
        throw new Refusal("conflict", `device ${owner} is still in use: close it first`);
      }
      await this.#checkEmpty(owner, account);
    }
    await accounts.close(account);
  }

  async #checkEmpty(owner: Owner, account: AccountId): Promise<void> {
    const { accounts, loads, reclaims, node } = this.#parts;
    if (loads.openOf(owner) > 0) {
      throw new Refusal(
        "conflict",
        `a load is on its way to device ${owner}: wait until it is there`,
      );
    }
    const { balance, seq } = await node.enrolment(owner);
    await accounts.settle(account, owner, BigInt(balance), seq);
    if (balance !== "0") {
      throw new Refusal("conflict", `${balance} is on device ${owner}: have it redeemed first`);
    }
    if (reclaims.of(owner).some(({ state }) => state === "made" || state === "applied")) {
      throw new Refusal("conflict", `what was taken back from device ${owner} is not credited yet`);
    }
  }
}
