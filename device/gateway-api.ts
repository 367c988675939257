/**
 * What a gateway's listener answers to, by route. Written by scripts/api-types.ts out of its OpenAPI document;
 * a test compares it with what a gateway serves.
 */
export type GatewayApi = {
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
  /** A party's showing of one payment; the reply is the file that shows it to others, JSON as it is to be kept */
  "POST /v1/presentations": {
    body: Uint8Array;
    reply: Uint8Array;
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
  /** What an order is for, if it is a member's word */
  "POST /v1/pay/orders": {
    body: { readonly order: string };
    reply: {
      readonly merchant: string;
      readonly number: string;
      readonly amount: string;
      readonly currency: { readonly code: string; readonly digits: number };
      readonly notAfter: number;
      readonly returnUrl: string;
    };
  };
  /** The banks whose customers can pay an order, each by its own page */
  "GET /v1/pay/banks": {
    reply: readonly { readonly member: number; readonly name: string; readonly url: string }[];
  };
  /** Begins a payment, for whoever knows the password */
  "POST /v1/pay/payments": {
    body: { readonly order: string; readonly identity: string; readonly password: string };
    reply: {
      readonly id: string;
      readonly order: {
        readonly merchant: string;
        readonly number: string;
        readonly amount: string;
        readonly currency: { readonly code: string; readonly digits: number };
        readonly notAfter: number;
        readonly returnUrl: string;
      };
      readonly state: "named" | "sent" | "authorised" | "paid" | "refused";
      readonly reason?: string;
      readonly codesLeft?: number;
      readonly triesLeft?: number;
      readonly expires?: number;
      readonly mode?: "page" | "reply";
      readonly accounts: readonly string[];
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly mayDesignate: boolean;
    } & { readonly token: `0x${string}` };
  };
  /** How a payment stands */
  "POST /v1/pay/payments/{id}": {
    params: { readonly id: `0x${string}` };
    body: { readonly token: `0x${string}` };
    reply: {
      readonly id: string;
      readonly order: {
        readonly merchant: string;
        readonly number: string;
        readonly amount: string;
        readonly currency: { readonly code: string; readonly digits: number };
        readonly notAfter: number;
        readonly returnUrl: string;
      };
      readonly state: "named" | "sent" | "authorised" | "paid" | "refused";
      readonly reason?: string;
      readonly codesLeft?: number;
      readonly triesLeft?: number;
      readonly expires?: number;
      readonly mode?: "page" | "reply";
      readonly accounts: readonly string[];
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly mayDesignate: boolean;
    };
  };
  /** Sends a code to the terminal that the customer chooses */
  "POST /v1/pay/payments/{id}/code": {
    params: { readonly id: `0x${string}` };
    body: {
      readonly token: `0x${string}`;
      readonly account: number;
      readonly terminal?: string;
      readonly designated?: {
        readonly channel: "sms" | "mail" | "file";
        readonly address: string;
        readonly language: "en" | "zh";
        readonly key?: `0x${string}`;
      };
      readonly mode?: "page" | "reply";
    };
    reply: {
      readonly id: string;
      readonly order: {
        readonly merchant: string;
        readonly number: string;
        readonly amount: string;
        readonly currency: { readonly code: string; readonly digits: number };
        readonly notAfter: number;
        readonly returnUrl: string;
      };
      readonly state: "named" | "sent" | "authorised" | "paid" | "refused";
      readonly reason?: string;
      readonly codesLeft?: number;
      readonly triesLeft?: number;
      readonly expires?: number;
      readonly mode?: "page" | "reply";
      readonly accounts: readonly string[];
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly mayDesignate: boolean;
    };
  };
  /** The code as the customer typed it: the right one pays */
  "POST /v1/pay/payments/{id}/authorization": {
    params: { readonly id: `0x${string}` };
    body: { readonly token: `0x${string}`; readonly code: string };
    reply: {
      readonly id: string;
      readonly order: {
        readonly merchant: string;
        readonly number: string;
        readonly amount: string;
        readonly currency: { readonly code: string; readonly digits: number };
        readonly notAfter: number;
        readonly returnUrl: string;
      };
      readonly state: "named" | "sent" | "authorised" | "paid" | "refused";
      readonly reason?: string;
      readonly codesLeft?: number;
      readonly triesLeft?: number;
      readonly expires?: number;
      readonly mode?: "page" | "reply";
      readonly accounts: readonly string[];
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly mayDesignate: boolean;
    };
  };
  /** Lets a payment be that is not authorized */
  "POST /v1/pay/payments/{id}/cancellation": {
    params: { readonly id: `0x${string}` };
    body: { readonly token: `0x${string}` };
    reply: undefined;
  };
  /** Opens the service over the network, with what the bank has handed over */
  "POST /v1/pay/services": {
    body: {
      readonly invitation: string;
      readonly identities?: readonly {
        readonly kind: "phone" | "account" | "chosen";
        readonly text: string;
      }[];
      readonly terminals: readonly {
        readonly channel: "sms" | "mail" | "file";
        readonly address: string;
        readonly language: "en" | "zh";
        readonly key?: `0x${string}`;
      }[];
      readonly password: string;
    };
    reply: {
      readonly service: string;
      readonly identities: readonly { readonly kind: string; readonly text: string }[];
      readonly accounts: readonly string[];
      readonly limits: { readonly perPayment?: string | null; readonly perDay?: string | null };
      readonly mayDesignate: boolean;
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly isLocked: boolean;
      readonly cancelled?: number;
      readonly told?: number;
    };
  };
  /** Shows the customer's own service, and changes or cancels it */
  "POST /v1/pay/service": {
    body: {
      readonly identity: string;
      readonly password: string;
      readonly limits?: { readonly perPayment?: string | null; readonly perDay?: string | null };
      readonly mayDesignate?: boolean;
      readonly newPassword?: string;
      readonly addTerminal?: {
        readonly channel: "sms" | "mail" | "file";
        readonly address: string;
        readonly language: "en" | "zh";
        readonly key?: `0x${string}`;
      };
      readonly removeTerminal?: string;
      readonly cancel?: true;
    };
    reply: {
      readonly service: string;
      readonly identities: readonly { readonly kind: string; readonly text: string }[];
      readonly accounts: readonly string[];
      readonly limits: { readonly perPayment?: string | null; readonly perDay?: string | null };
      readonly mayDesignate: boolean;
      readonly terminals: readonly { readonly id: string; readonly name: string }[];
      readonly isLocked: boolean;
      readonly cancelled?: number;
      readonly told?: number;
    };
  };
  /** Claims the money under a code for an account of this bank's; again, how that stands */
  "POST /v1/claims": {
    body: {
      readonly code: string;
      readonly password: string;
      readonly account: string;
      readonly bank?: number;
    };
    reply: {
      readonly claim?: `0x${string}`;
      readonly bank?: number;
      readonly record?: `0x${string}`;
      readonly amount?: string;
      readonly state: "waiting" | "pending" | "paid" | "refused";
      readonly reason?: { readonly code: string; readonly detail: string };
    };
  };
  /** How a claim of money that waits at another bank stands, and why */
  "GET /v1/claims/{claim}": {
    params: { readonly claim: `0x${string}` };
    reply: {
      readonly claim?: `0x${string}`;
      readonly bank?: number;
      readonly record?: `0x${string}`;
      readonly amount?: string;
      readonly state: "waiting" | "pending" | "paid" | "refused";
      readonly reason?: { readonly code: string; readonly detail: string };
    };
  };
};
