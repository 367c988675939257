/**
 * What a gateway's listener answers to, by route. Written by scripts/api-types.ts out of its OpenAPI document;
 * a test compares it with what a gateway serves.
 */
export type GatewayApi = {
  /** Whether the process runs */
  "GET /livez": {
    reply: { readonly status: "ok" };
  };
  /** Whether it can do its work; if not, which part cannot */
  "GET /readyz": {
    reply: { readonly status: "ok"; readonly checks: readonly string[] };
  };
  /** Metrics in Prometheus's text format */
  "GET /metrics": {
    reply: Uint8Array;
  };
  /** This description */
  "GET /openapi.json": {
    reply: object;
  };
  /** A device's signed request; the reply is a device reply, answered or refused */
  "POST /v1/device": {
    body: Uint8Array;
    reply: Uint8Array;
  };
  /** A parcel that a courier brings, for any member; the reply is its state, with the sealed answer once there is one */
  "POST /v1/parcels": {
    body: Uint8Array;
    reply: Uint8Array;
  };
  /** Leaves, count u16 × (length u32 | leaf); the reply is an acknowledgement of them all */
  "POST /v1/leaves": {
    body: Uint8Array;
    reply: Uint8Array;
  };
  /** Where a record is */
  "GET /v1/records/{id}": {
    params: { readonly id: `0x${string}` };
    reply: {
      readonly id: `0x${string}`;
      readonly state: string;
      readonly code?: string;
      readonly restitution?: string;
    };
  };
  /** Why a record is where it is, in plain words */
  "GET /v1/records/{id}/explain": {
    params: { readonly id: `0x${string}` };
    reply: {
      readonly id: `0x${string}`;
      readonly state: string;
      readonly code?: string;
      readonly restitution?: string;
      readonly sentences: readonly string[];
    };
  };
  /** The member's revocation list, as of now */
  "GET /v1/lists/revocations": {
    reply: Uint8Array;
  };
  /** Whose gateway this is, and where its vault is */
  "GET /v1/member": {
    reply: {
      readonly networkId: `0x${string}`;
      readonly member: number;
      readonly vault: `0x${string}`;
      readonly issuer: `0x${string}`;
      readonly intake: `0x${string}`;
    };
  };
  /** What a device is set up with */
  "GET /v1/network": {
    reply: {
      readonly networkId: `0x${string}`;
      readonly member: number;
      readonly name: string;
      readonly currency: { readonly code: string; readonly digits: number };
      readonly trustKey: `0x${string}`;
      readonly receiptLifeS: number;
    };
  };
};
