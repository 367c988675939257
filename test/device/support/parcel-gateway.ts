/** A member's end of the courier's way, in memory: it opens parcels, asks the member's test gateway, and seals the answer. */
import { decodeDeviceRequest } from "../../../protocol/device-request.ts";
import { makeSealingKey } from "../../../protocol/hpke.ts";
import {
  decodeParcel,
  encodeParcelState,
  openParcel,
  sealAnswer,
} from "../../../protocol/parcel.ts";
import { systemRandom } from "../../../protocol/random.ts";
import type { ParcelGateway } from "../../../device/courier/parcel-gateway.ts";
import type { TestGateway } from "./gateway.ts";
import { networkId } from "./world.ts";

export class TestParcelGateway implements ParcelGateway {
  readonly #key = makeSealingKey(systemRandom);
  readonly #gateway: TestGateway;
  /** Every parcel that was handed over here. */
  readonly seen: Uint8Array[] = [];
  /** Keeps parcels instead of answering them: their member is away. */
  isAway = false;

  constructor(gateway: TestGateway) {
    this.#gateway = gateway;
  }

  /** To which parcels for the gateway's member are sealed. */
  get intake() {
    return { member: this.#gateway.member, key: this.#key.publicKey };
  }

  async hand(bytes: Uint8Array): Promise<Uint8Array> {
    this.seen.push(bytes);
    const parcel = decodeParcel(bytes);
    if (this.isAway) return encodeParcelState({ state: "kept" });
    const opened = await openParcel(networkId, this.#key, parcel);
    const reply = await this.#gateway.send(decodeDeviceRequest(opened.request.bytes).bytes);
    const answer = await sealAnswer(networkId, parcel, opened, reply, systemRandom);
    return encodeParcelState({ state: "answered", answer });
  }
}
