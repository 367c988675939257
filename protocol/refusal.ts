/**
 * What the system says to outside input it does not take: one class, and one table of codes.
 *
 * A refusal is an answer, not a fault: the input was understood well enough to be turned down, and
 * nothing changed. Our own bugs are assertions; trouble of the world (disk, network, chain) is a
 * plain `Error` with a `cause`.
 */

type Row = {
  /** HTTP status of the problem document. */
  readonly status: number;
  /** What becomes of a gossip frame that carries it: `reject` costs the sender score. */
  readonly gossip: "reject" | "ignore";
  /** Whether the same input may be taken later. */
  readonly retry: boolean;
  /** What the reader is to do about it. */
  readonly remedy: string;
};

/** In order of precedence inside each group: every node refuses the same input with the same code. */
export const refusalCodes = {
  // Form: the bytes are not what they say they are.
  malformed: row(
    400,
    "reject",
    false,
    "Encode it again as the specification says; the text names the field and its offset.",
  ),
  "unsupported-version": row(
    400,
    "reject",
    false,
    "Use a version this software speaks, or update the older side.",
  ),
  "too-large": row(
    413,
    "reject",
    false,
    "Send less at once: split it, within the bound the text names.",
  ),
  "bad-signature": row(
    422,
    "reject",
    false,
    "Sign again with the key that the structure names, over exactly these bytes.",
  ),
  "bad-proof": row(
    422,
    "reject",
    false,
    "Get a proof that was made for exactly what it is shown with.",
  ),
  "cannot-open": row(
    422,
    "ignore",
    false,
    "It is sealed to another key or was changed on the way: open it with the key it names.",
  ),
  "failed-ceremony": row(
    422,
    "ignore",
    false,
    "This ceremony gives no key. Settle it with the holder that the text names, and hold another from its plan on, with it or without.",
  ),

  // Rules of the ledger, in rule order. They are advice to the owner; order alone decides.
  duplicate: row(200, "ignore", false, "Nothing is to be done: this record has already applied."),
  "unknown-coin": row(
    409,
    "ignore",
    true,
    "Submit the records that made the missing coins first; this one is kept until they apply. Where a receipt vouched for a coin that never was, the member that signed the receipt pays, by a case: take the receipt to your bank.",
  ),
  spent: row(
    409,
    "ignore",
    true,
    "Another record took the coin first. Keep the record: it is the claim to restitution.",
  ),
  "wrong-owner": row(
    422,
    "ignore",
    false,
    "Only the owner of every coin named may spend it: sign with that key.",
  ),
  "wrong-preimage": row(422, "ignore", false, "Give the secret whose hash the claim names."),
  "not-reclaimable": row(
    409,
    "ignore",
    true,
    "Wait until the owner is revoked and the reclaim delay has passed.",
  ),
  unbalanced: row(422, "ignore", false, "Make outputs equal to inputs, to the last unit."),
  "unknown-recipient": row(
    409,
    "ignore",
    true,
    "Enrol the recipient with the custodian named; the record is kept until then.",
  ),
  "already-enrolled": row(
    409,
    "ignore",
    false,
    "The key is enrolled for good. Another bank needs another key.",
  ),
  "unknown-member": row(404, "ignore", true, "Name a member of this network."),

  // Devices: what a purse refuses.
  "not-for-us": row(
    422,
    "reject",
    false,
    "The message answers another request, or another device's.",
  ),
  expired: row(422, "ignore", false, "Sync with a gateway to renew, and try again."),
  "not-yet-valid": row(422, "ignore", true, "Check the clock, or sync to learn the time."),
  revoked: row(403, "ignore", false, "The device is blocked: ask the bank that issued it."),
  "untrusted-issuer": row(422, "ignore", true, "Sync to fetch the present trust list."),
  "over-guarantee": row(
    422,
    "ignore",
    true,
    "The other device may hold more than its bank guarantees: be paid online, or sync and try again.",
  ),
  "over-payment-limit": row(
    422,
    "ignore",
    false,
    "Pay less than the card's limit for one payment, or pay online.",
  ),
  "over-count-limit": row(429, "ignore", true, "Wait until the window has passed, or sync."),
  "over-balance-limit": row(
    422,
    "ignore",
    false,
    "The payee would hold more than its certificate allows: pay less, or redeem first.",
  ),
  "over-depth-limit": row(
    422,
    "ignore",
    true,
    "The money has changed hands offline as often as it may: sync, and it can be spent again.",
  ),
  "wrong-amount": row(422, "ignore", false, "Pay exactly the amount asked."),
  "not-refundable": row(
    422,
    "ignore",
    false,
    "Only the device that paid is paid back, by the device it paid; the text says what stands against it.",
  ),
  "over-refund": row(
    422,
    "ignore",
    false,
    "What goes back never adds up to more than was paid: ask for what is left.",
  ),
  "refunds-only": row(
    403,
    "ignore",
    false,
    "A till pays refunds and change, nothing else: redeem its money, and pay with another device.",
  ),
  "already-paid": row(
    409,
    "ignore",
    false,
    "A request is open to one payment and has had it: the money goes back with this answer, or by a sync.",
  ),
  "insufficient-funds": row(422, "ignore", false, "Load more money, or pay less."),
  "too-many-coins": row(
    422,
    "ignore",
    false,
    "Pay in two payments, or pay the small coins into the account and load again.",
  ),
  "sync-needed": row(409, "ignore", true, "Sync with any gateway of the network, then try again."),
  "false-receipt": row(
    422,
    "ignore",
    false,
    "The ancestry does not lead to coins that their banks vouch for: refuse the payment.",
  ),
  "pin-needed": row(401, "ignore", true, "Unlock the purse with its PIN, then do it again."),
  "wrong-pin": row(
    403,
    "ignore",
    true,
    "Enter it again; the text says how many tries are left before it is blocked.",
  ),
  "pin-blocked": row(403, "ignore", false, "Set another PIN with the unblocking code."),
  "puk-blocked": row(
    403,
    "ignore",
    false,
    "No code helps any more: sync, and have the bank block the device and return its money.",
  ),
  "second-factor-needed": row(
    401,
    "ignore",
    true,
    "Enter the code for this amount and payee, as the second device shows it or the bank's voice line says it, then pay.",
  ),
  "wrong-second-factor": row(
    403,
    "ignore",
    true,
    "Have a code made anew for just this amount and payee, and enter it within its minute; the text says how many tries are left.",
  ),
  "second-factor-blocked": row(
    403,
    "ignore",
    false,
    "Pay less, or have the bank set the second factor anew, then sync.",
  ),
  "second-factor-waiting": row(
    409,
    "ignore",
    true,
    "The bank has changed the device's second factor: sync with software that keeps one, then try again.",
  ),

  // Online payments.
  "wrong-credentials": row(
    401,
    "ignore",
    false,
    "Enter identity and payment password again. After five wrong tries the bank locks the service, and unlocks it when asked.",
  ),
  "wrong-code": row(
    403,
    "ignore",
    true,
    "Enter the code as it was sent for this payment, or ask for another; the text says which.",
  ),
  "over-online-limit": row(
    422,
    "ignore",
    false,
    "Pay less, or raise the limit you have set for online payments; the text names it.",
  ),

  // Money for whoever has a code and its password.
  "wrong-claim": row(
    403,
    "ignore",
    true,
    "Enter code and password again, or wait: money that was sent just now can be claimed once its record has applied. After five wrong tries the bank locks the code.",
  ),
  "code-locked": row(
    403,
    "ignore",
    true,
    "Come with the code to a counter of the bank where the money waits: it unlocks it for whoever it believes.",
  ),
  "claim-spent": row(
    409,
    "ignore",
    false,
    "The money under this code was claimed before. Whoever did not claim it asks whoever sent it, and the bank where it waited.",
  ),
  "claim-expired": row(
    409,
    "ignore",
    false,
    "Nobody claimed the money in time: it goes back to whoever sent it. Ask for a new code.",
  ),

  // Services.
  unauthorised: row(
    401,
    "ignore",
    false,
    "Sign the request with a key this service knows, or show a token that it takes.",
  ),
  forbidden: row(
    403,
    "ignore",
    false,
    "The caller may not do this: ask the operator for the role the text names.",
  ),
  "not-granted": row(
    403,
    "ignore",
    true,
    "Ask for it on chain, on a legal basis, and have the threshold of holders approve before it ends; then ask again.",
  ),
  "not-found": row(
    404,
    "ignore",
    true,
    "Check the id; what is still on its way may be found later.",
  ),
  conflict: row(
    409,
    "ignore",
    false,
    "Read the present state and decide again; the text says what stands against it.",
  ),
  "stale-request": row(
    409,
    "ignore",
    true,
    "Take the signed time of this answer and sign the request again.",
  ),
  busy: row(
    503,
    "ignore",
    true,
    "Try again after the time in Retry-After; nothing acknowledged is lost.",
  ),
  "rate-limited": row(
    429,
    "ignore",
    true,
    "Ask less often: try again after the time in Retry-After, and ask for more at once.",
  ),
  unavailable: row(
    503,
    "ignore",
    true,
    "A part this needs is down; the text says which. Try again later.",
  ),

  // What an operator gives us: configuration, folders, networks.
  "bad-configuration": row(422, "ignore", false, "Mend the line the text names."),
  "exposed-key": row(
    422,
    "ignore",
    false,
    "Make the key file readable by its owner alone (chmod 600), and replace the key if others may have read it.",
  ),
  "wrong-network": row(
    409,
    "reject",
    false,
    "Use the network file and the folder of one and the same network.",
  ),
  "lost-history": row(
    409,
    "ignore",
    true,
    "Name a chain node that has the network's whole history; what is in the folder is kept as it was.",
  ),
  "wrong-folder": row(409, "ignore", false, "Name the folder this software made, or an empty one."),
  "in-use": row(409, "ignore", true, "Stop the other process that holds it, or choose another."),
  "store-moved": row(
    409,
    "ignore",
    false,
    "Start the gateway with the configuration that its store was moved to; if the move was interrupted, repeat `tallystick gateway move-store` first.",
  ),
} as const satisfies Record<string, Row>;

export type RefusalCode = keyof typeof refusalCodes;

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusalCodes, text);
}

/** Where in a structure a refusal arose. Offsets count bytes from the start of what was decoded. */
export type Place = { readonly field: string; readonly offset: number };

export class Refusal extends Error {
  readonly code: RefusalCode;
  /** The message without the place. */
  readonly detail: string;
  readonly place: Place | undefined;

  /** @param detail what exactly is wrong with this input, in a few words, without secrets. */
  constructor(code: RefusalCode, detail: string, place?: Place) {
    super(
      place === undefined ? detail : `${detail} (field ${place.field}, offset ${place.offset})`,
    );
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
    this.place = place;
  }

  /** What the reader is to do. */
  get remedy(): string {
    return refusalCodes[this.code].remedy;
  }

  get row(): Row {
    return refusalCodes[this.code];
  }
}

/** Whether `error` is a refusal, and of that code if one is named. */
export function isRefusal(error: unknown, code?: RefusalCode): error is Refusal {
  return error instanceof Refusal && (code === undefined || error.code === code);
}

function row(status: number, gossip: Row["gossip"], retry: boolean, remedy: string): Row {
  return { status, gossip, retry, remedy };
}
