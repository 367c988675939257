/**
 * A device as a card in a reader that can be torn out: at any APDU, before the card has seen it or after it
 * has answered, or at any write of the purse. Powered again, it is opened from its store as a card is.
 */
import { CardApplication } from "../../../../device/nfc/card-application.ts";
import type { CardChannel } from "../../../../device/nfc/card-client.ts";
import { MemoryPurseStore } from "../../../../device/purse-store.ts";
import { CutError, CutStore } from "../../support/cut-store.ts";
import type { Device, DeviceOptions, World } from "../../support/world.ts";

/** Where a card is torn out, counting APDUs from 1. */
export type Tear = { readonly at: number; readonly isSeen: boolean };

export class TestCard implements CardChannel {
  readonly device: Device;
  readonly store: CutStore;
  readonly #world: World;
  #application: CardApplication;
  #isTorn = false;
  /** APDUs since power came on for the first time, and the one at which the card goes. */
  apdus = 0;
  tear: Tear | undefined;

  private constructor(world: World, device: Device, store: CutStore) {
    this.#world = world;
    this.device = device;
    this.store = store;
    this.#application = new CardApplication(device.purse);
  }

  static async make(
    world: World,
    name: string,
    options: Omit<DeviceOptions, "store"> = {},
  ): Promise<TestCard> {
    const store = new CutStore(new MemoryPurseStore());
    const device = await world.device(name, { ...options, store });
    store.writes = 0;
    return new TestCard(world, device, store);
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    if (this.#isTorn) throw new CutError();
    const isCut = ++this.apdus === this.tear?.at;
    this.#isTorn = isCut;
    if (isCut && !this.tear!.isSeen) throw new CutError();
    try {
      const response = await this.#application.handle(Uint8Array.from(command));
      if (isCut) throw new CutError();
      return response;
    } catch (error) {
      this.#isTorn = true;
      throw error;
    }
  }

  /** Back in the reader, whole. */
  async powerOn(): Promise<void> {
    this.tear = undefined;
    this.store.cut = undefined;
    await this.#world.reopen(this.device);
    this.#application = new CardApplication(this.device.purse);
    this.#isTorn = false;
  }
}
