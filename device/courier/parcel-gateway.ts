/** Where a courier hands parcels over: any gateway of the network, whichever member a parcel is for. */
import { ApiClient } from "../api-client.ts";
import type { GatewayApi } from "../gateway-api.ts";
import type { HttpGatewayOptions } from "../gateway-client.ts";

export interface ParcelGateway {
  /**
   * Hands a parcel over. @returns its state, encoded.
   * @throws Refusal as the gateway says; Error if it is out of reach.
   */
  hand(parcel: Uint8Array): Promise<Uint8Array>;
}

/** `POST {url}/v1/parcels`. */
export class HttpParcelGateway implements ParcelGateway {
  readonly #api: ApiClient<GatewayApi>;

  constructor(url: string, fetch: typeof globalThis.fetch, options: HttpGatewayOptions = {}) {
    this.#api = new ApiClient(url, fetch, options);
  }

  hand(parcel: Uint8Array): Promise<Uint8Array> {
    return this.#api.call("POST /v1/parcels", { body: parcel });
  }
}
