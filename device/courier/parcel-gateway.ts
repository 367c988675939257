/** Where a courier hands parcels over: any gateway of the network, whichever member a parcel is for. */
import { type HttpGatewayOptions, postOctets } from "../gateway-client.ts";

export interface ParcelGateway {
  /**
   * Hands a parcel over. @returns its state, encoded.
   * @throws Refusal as the gateway says; Error if it is out of reach.
   */
  hand(parcel: Uint8Array): Promise<Uint8Array>;
}

/** `POST {url}/v1/parcels`. */
export class HttpParcelGateway implements ParcelGateway {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;

  constructor(
    url: string,
    fetch: typeof globalThis.fetch,
    { timeoutMs = 30_000 }: HttpGatewayOptions = {},
  ) {
    this.#url = `${url.replace(/\/+$/, "")}/v1/parcels`;
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
  }

  hand(parcel: Uint8Array): Promise<Uint8Array> {
    return postOctets(this.#fetch, this.#url, parcel, this.#timeoutMs);
  }
}
