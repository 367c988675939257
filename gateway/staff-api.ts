/**
 * What a gateway's listener answers to, by route. Written by scripts/api-types.ts out of its OpenAPI document;
 * a test compares it with what a gateway serves.
 */
export type StaffApi = {
  /** This description */
  "GET /openapi.json": {
    reply: object;
  };
  /** Opens an account; again, it is the same */
  "POST /v1/accounts": {
    body: { readonly account: string; readonly customer: string };
    reply: {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    };
  };
  /** Accounts, ascending */
  "GET /v1/accounts": {
    query?: { readonly after?: string; readonly limit?: number };
    reply: readonly {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    }[];
  };
  /** Money that came in at the counter */
  "POST /v1/accounts/{account}/deposits": {
    params: { readonly account: string };
    body: { readonly amount: string; readonly reference: string };
    reply: {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    };
  };
  /** Money that goes out at the counter */
  "POST /v1/accounts/{account}/withdrawals": {
    params: { readonly account: string };
    body: { readonly amount: string; readonly reference: string };
    reply: {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    };
  };
  /** What the bank's books hold together */
  "GET /v1/books": {
    reply: {
      readonly cash: string;
      readonly settlement: string;
      readonly bond: string;
      readonly losses: string;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly total: string;
    };
  };
  /** An account and its balance */
  "GET /v1/accounts/{account}": {
    params: { readonly account: string };
    reply: {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    };
  };
  /** A credential with which the customer enrols one device */
  "POST /v1/accounts/{account}/credentials": {
    params: { readonly account: string };
    query?: {
      readonly class?: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label?: string;
      readonly place?: string;
    };
    reply: { readonly credential: string; readonly expires: number; readonly label: string };
  };
  /** Closes an account: its devices are closed, all their money is back and paid out */
  "POST /v1/accounts/{account}/close": {
    params: { readonly account: string };
    reply: {
      readonly account: string;
      readonly customer: string;
      readonly isClosed?: boolean;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
      readonly devices: readonly `0x${string}`[];
    };
  };
  /** What happened in an account, the latest first */
  "GET /v1/accounts/{account}/statement": {
    params: { readonly account: string };
    query?: { readonly limit?: number; readonly before?: number };
    reply: readonly {
      readonly number: number;
      readonly time: number;
      readonly kind:
        | "deposit"
        | "withdrawal"
        | "hold"
        | "release"
        | "debit"
        | "credit"
        | "settle"
        | "recovery"
        | "restitution"
        | "fine";
      readonly reference: string;
      readonly available: string;
      readonly held: string;
      readonly onDevices: string;
    }[];
  };
  /** Devices, ascending */
  "GET /v1/devices": {
    query?: { readonly after?: `0x${string}`; readonly limit?: number };
    reply: readonly {
      readonly owner: `0x${string}`;
      readonly key: `0x${string}`;
      readonly account: string;
      readonly class: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label: string;
      readonly registered: number;
      readonly blocked?: number;
      readonly closed?: number;
    }[];
  };
  /** A device, how it stands if it is lost, and coins of its that were spent twice */
  "GET /v1/devices/{owner}": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly owner: `0x${string}`;
      readonly key: `0x${string}`;
      readonly account: string;
      readonly class: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label: string;
      readonly registered: number;
      readonly blocked?: number;
      readonly closed?: number;
    } & {
      readonly revoked?: number;
      readonly lost?: {
        readonly reported: number;
        readonly isClosed?: boolean;
        readonly revoked?: number;
        readonly reclaimableFrom?: number;
        readonly onDevice: string;
        readonly reclaimed: string;
        readonly proven: string;
        readonly credited: string;
        readonly contested: string;
        readonly creditFrom?: number;
        readonly replacement?: {
          readonly device?: `0x${string}`;
          readonly load: boolean;
          readonly loaded: string;
        };
        readonly sentences: readonly string[];
      };
      readonly doubleSpends: readonly {
        readonly conflict: `0x${string}`;
        readonly winner: `0x${string}`;
        readonly loser: `0x${string}`;
        readonly winnerKind: "spend" | "reclaim";
        readonly amount: string;
        readonly fine: string;
        readonly stage: string;
      }[];
    };
  };
  /** Blocks a device for good: no receipts, no certificates, no loads; others hear of it, and the chain */
  "POST /v1/devices/{owner}/block": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly owner: `0x${string}`;
      readonly key: `0x${string}`;
      readonly account: string;
      readonly class: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label: string;
      readonly registered: number;
      readonly blocked?: number;
      readonly closed?: number;
    } & {
      readonly revoked?: number;
      readonly lost?: {
        readonly reported: number;
        readonly isClosed?: boolean;
        readonly revoked?: number;
        readonly reclaimableFrom?: number;
        readonly onDevice: string;
        readonly reclaimed: string;
        readonly proven: string;
        readonly credited: string;
        readonly contested: string;
        readonly creditFrom?: number;
        readonly replacement?: {
          readonly device?: `0x${string}`;
          readonly load: boolean;
          readonly loaded: string;
        };
        readonly sentences: readonly string[];
      };
      readonly doubleSpends: readonly {
        readonly conflict: `0x${string}`;
        readonly winner: `0x${string}`;
        readonly loser: `0x${string}`;
        readonly winnerKind: "spend" | "reclaim";
        readonly amount: string;
        readonly fine: string;
        readonly stage: string;
      }[];
    };
  };
  /** Blocks a device that its customer has lost, and takes back what is left on it */
  "POST /v1/devices/{owner}/lost": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly owner: `0x${string}`;
      readonly key: `0x${string}`;
      readonly account: string;
      readonly class: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label: string;
      readonly registered: number;
      readonly blocked?: number;
      readonly closed?: number;
    } & {
      readonly revoked?: number;
      readonly lost?: {
        readonly reported: number;
        readonly isClosed?: boolean;
        readonly revoked?: number;
        readonly reclaimableFrom?: number;
        readonly onDevice: string;
        readonly reclaimed: string;
        readonly proven: string;
        readonly credited: string;
        readonly contested: string;
        readonly creditFrom?: number;
        readonly replacement?: {
          readonly device?: `0x${string}`;
          readonly load: boolean;
          readonly loaded: string;
        };
        readonly sentences: readonly string[];
      };
      readonly doubleSpends: readonly {
        readonly conflict: `0x${string}`;
        readonly winner: `0x${string}`;
        readonly loser: `0x${string}`;
        readonly winnerKind: "spend" | "reclaim";
        readonly amount: string;
        readonly fine: string;
        readonly stage: string;
      }[];
    };
  };
  /** Blocks a device for good that its customer gives up, once all its money is back */
  "POST /v1/devices/{owner}/close": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly owner: `0x${string}`;
      readonly key: `0x${string}`;
      readonly account: string;
      readonly class: "element" | "software" | "host" | "chip" | "terminal" | "merchant";
      readonly label: string;
      readonly registered: number;
      readonly blocked?: number;
      readonly closed?: number;
    } & {
      readonly revoked?: number;
      readonly lost?: {
        readonly reported: number;
        readonly isClosed?: boolean;
        readonly revoked?: number;
        readonly reclaimableFrom?: number;
        readonly onDevice: string;
        readonly reclaimed: string;
        readonly proven: string;
        readonly credited: string;
        readonly contested: string;
        readonly creditFrom?: number;
        readonly replacement?: {
          readonly device?: `0x${string}`;
          readonly load: boolean;
          readonly loaded: string;
        };
        readonly sentences: readonly string[];
      };
      readonly doubleSpends: readonly {
        readonly conflict: `0x${string}`;
        readonly winner: `0x${string}`;
        readonly loser: `0x${string}`;
        readonly winnerKind: "spend" | "reclaim";
        readonly amount: string;
        readonly fine: string;
        readonly stage: string;
      }[];
    };
  };
  /** A credential for the device that takes a lost one's place, in the place of one given before; the device, once there is one */
  "POST /v1/devices/{owner}/replacement": {
    params: { readonly owner: `0x${string}` };
    body: { readonly load?: boolean };
    reply: {
      readonly credential?: string;
      readonly expires?: number;
      readonly device?: `0x${string}`;
    };
  };
  /** From which amount on a device needs a code to pay offline, and who says it */
  "GET /v1/devices/{owner}/second-factor": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly version: number;
      readonly from: string;
      readonly shownBy?: `0x${string}`;
      readonly isTaken: boolean;
    };
  };
  /** Sets a second factor, or sets it anew with a fresh secret; the device takes it when it syncs */
  "POST /v1/devices/{owner}/second-factor": {
    params: { readonly owner: `0x${string}` };
    body: { readonly from: string; readonly shownBy?: `0x${string}` };
    reply: {
      readonly version: number;
      readonly from: string;
      readonly shownBy?: `0x${string}`;
      readonly isTaken: boolean;
    };
  };
  /** Takes a second factor off; the device takes that when it syncs */
  "POST /v1/devices/{owner}/second-factor/lift": {
    params: { readonly owner: `0x${string}` };
    reply: {
      readonly version: number;
      readonly from: string;
      readonly shownBy?: `0x${string}`;
      readonly isTaken: boolean;
    };
  };
  /** The code that the voice line says to the customer, for one payment of theirs */
  "POST /v1/devices/{owner}/second-factor/code": {
    params: { readonly owner: `0x${string}` };
    body: { readonly amount: string; readonly payee: string };
    reply: { readonly code: string; readonly expires: number };
  };
  /** Payments on the ledger by the customer's account, its device, the device on the other side, or any of these together; of a node that keeps the index for traces */
  "GET /v1/payments": {
    query?: {
      readonly account?: string;
      readonly device?: `0x${string}`;
      readonly other?: `0x${string}`;
      readonly limit?: number;
      readonly after?: `0x${string}`;
    };
    reply: {
      readonly payments: readonly {
        readonly record: `0x${string}`;
        readonly kind: string;
        readonly device: `0x${string}`;
        readonly role: "payer" | "payee";
        readonly amount: string;
        readonly others: readonly `0x${string}`[];
        readonly time: number;
        readonly cycle: number;
      }[];
      readonly next?: string;
    };
  };
  /** What the vault can spend */
  "GET /v1/vault": {
    reply: {
      readonly owner: `0x${string}`;
      readonly amount: string;
      readonly coins: number;
      readonly spending: number;
    };
  };
  /** Makes one coin of the vault's smallest, at most 16 */
  "POST /v1/vault/merge": {
    reply: { readonly record: `0x${string}` | null };
  };
  /** Takes money off the ledger: once its cycle has settled, the operator withdraws as much */
  "POST /v1/vault/burns": {
    body: { readonly amount: string };
    reply: { readonly record: `0x${string}` };
  };
  /** What waits for the ledger */
  "GET /v1/intake": {
    reply: { readonly leaves: number; readonly bytes: number; readonly loads: number };
  };
  /** Adds all accounts up anew, from their entries and from the ledger, and names what differs */
  "GET /v1/tie-out": {
    reply: {
      readonly accounts: number;
      readonly entries: number;
      readonly devices: number;
      readonly differences: readonly {
        readonly account?: string;
        readonly what: "available" | "held" | "onDevices" | "devices" | "hold" | "book";
        readonly name?: string;
        readonly expected: string;
        readonly found: string;
      }[];
    };
  };
  /** Opens a customer's service for online payments, and tells the holder */
  "POST /v1/online-services": {
    body: {
      readonly customer: string;
      readonly accounts: readonly string[];
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
      readonly by?: "counter" | "network" | "terminal";
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
    } & { readonly customer: string };
  };
  /** The service that an identity leads to */
  "GET /v1/online-services": {
    query: { readonly identity: string };
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
    } & { readonly customer: string };
  };
  /** Changes, unlocks or cancels a service for its holder, who is told */
  "POST /v1/online-services/{service}": {
    params: { readonly service: string };
    body: {
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
      readonly unlock?: true;
      readonly by?: "counter" | "network" | "terminal";
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
    } & { readonly customer: string };
  };
  /** What a customer opens the service with over the network: once */
  "POST /v1/online-invitations": {
    body: { readonly customer: string; readonly accounts: readonly string[] };
    reply: { readonly invitation: string; readonly expires: number };
  };
  /** A code that came back from a customer's terminal */
  "POST /v1/relay/replies": {
    body: { readonly address: string; readonly code: string };
    reply: { readonly taken: true };
  };
  /** Registers a merchant, or changes what is known of it */
  "POST /v1/merchants": {
    body: {
      readonly merchant: string;
      readonly account: string;
      readonly label: string;
      readonly resultsUrl?: string;
      readonly isIntermediary?: boolean;
    };
    reply: {
      readonly merchant: string;
      readonly account: string;
      readonly label: string;
      readonly resultsUrl?: string;
      readonly isIntermediary: boolean;
      readonly certificates: readonly string[];
    };
  };
  /** The merchants, by name */
  "GET /v1/merchants": {
    reply: readonly {
      readonly merchant: string;
      readonly account: string;
      readonly label: string;
      readonly resultsUrl?: string;
      readonly isIntermediary: boolean;
      readonly certificates: readonly string[];
    }[];
  };
  /** Lets a merchant in that shows this certificate */
  "POST /v1/merchants/{merchant}/certificates": {
    params: { readonly merchant: string };
    body: { readonly certificate: string };
    reply: {
      readonly merchant: string;
      readonly account: string;
      readonly label: string;
      readonly resultsUrl?: string;
      readonly isIntermediary: boolean;
      readonly certificates: readonly string[];
    };
  };
  /** Shuts out whoever shows this certificate */
  "DELETE /v1/merchants/{merchant}/certificates/{fingerprint}": {
    params: { readonly merchant: string; readonly fingerprint: `0x${string}` };
    reply: {
      readonly merchant: string;
      readonly account: string;
      readonly label: string;
      readonly resultsUrl?: string;
      readonly isIntermediary: boolean;
      readonly certificates: readonly string[];
    };
  };
  /** Has a system of the bank's told of events, signed, in order, from now on */
  "POST /v1/webhooks": {
    body: {
      readonly url: string;
      readonly kinds: readonly ("record" | "load" | "redemption" | "unclaimed")[];
    };
    reply: {
      readonly id: `0x${string}`;
      readonly url: string;
      readonly kinds: readonly ("record" | "load" | "redemption" | "unclaimed")[];
      readonly created: number;
    };
  };
  /** Who is told of events */
  "GET /v1/webhooks": {
    reply: readonly {
      readonly id: `0x${string}`;
      readonly url: string;
      readonly kinds: readonly ("record" | "load" | "redemption" | "unclaimed")[];
      readonly created: number;
    }[];
  };
  /** Tells it nothing more, not even what it has not heard yet */
  "DELETE /v1/webhooks/{id}": {
    params: { readonly id: `0x${string}` };
    reply: undefined;
  };
  /** Receivers that hear nothing, merchants too, and which of them are parked */
  "GET /v1/webhooks/unheard": {
    query?: { readonly after?: string; readonly limit?: number };
    reply: readonly {
      readonly to: string;
      readonly waiting: number;
      readonly failing: number;
      readonly parked?: number;
      readonly dropped: number;
    }[];
  };
  /** Tells one that was parked all that is kept for it, in order */
  "POST /v1/webhooks/unheard/{receiver}/resume": {
    params: { readonly receiver: string };
    reply: undefined;
  };
  /** What receivers did not hear though they heard what came after: kept for thirty days */
  "GET /v1/webhooks/dead": {
    query?: { readonly after?: number; readonly limit?: number };
    reply: readonly {
      readonly number: number;
      readonly to: string;
      readonly about: string;
      readonly since: number;
      readonly tries: number;
      readonly dead: number;
    }[];
  };
  /** Sends it again, as at first */
  "POST /v1/webhooks/dead/{number}": {
    params: { readonly number: number };
    reply: undefined;
  };
  /** Claims the money under a code for somebody at the counter; again, how that stands */
  "POST /v1/counter/claims": {
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
  "GET /v1/counter/claims/{claim}": {
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
  /** Unlocks a code that was tried too often with wrong passwords */
  "POST /v1/counter/claims/unlock": {
    body: { readonly code: string };
    reply: { readonly unlocked: true };
  };
};
