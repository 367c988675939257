/**
 * What a purse holds, as tables of rows, and the draft by which it changes: an operation collects its
 * changes in a draft, the store writes them in one, and only then do they count.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { SignedCertificate } from "../protocol/certificate.ts";
import type { ConfirmationStatus } from "../protocol/confirmation.ts";
import type { SignedEmergencyProfile } from "../protocol/emergency-profile.ts";
import type { SealingKey } from "../protocol/hpke.ts";
import type { SignedRevocationList, SignedTrustList } from "../protocol/lists.ts";
import type { Amount } from "../protocol/money.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Reason } from "../protocol/reason.ts";
import type { SignedReceipt } from "../protocol/receipt.ts";
import type { SignedRecord } from "../protocol/record.ts";
import type { SignedRequest } from "../protocol/request.ts";
import type { Confirmed } from "../protocol/second-factor-code.ts";

/** What there is one of. */
export type PurseRow = {
  readonly networkId: Hex;
  readonly member: MemberId;
  readonly deviceKey: Hex;
  /** Records the device has made. */
  readonly counter: number;
  /** Milliseconds: the greatest time signed by the authority or the own member; 0 if none yet. */
  readonly signedTime: number;
  /** The key that signs the next trust list. */
  readonly trustKey: Uint8Array;
};

export const SALT_LENGTH = 16;

/** How the holder proves to be the holder. */
export type PinRow = {
  readonly salt: Uint8Array;
  /** SHA-256 of salt and digits: of the PIN, and of the code that sets another. */
  readonly pin: Uint8Array;
  readonly puk: Uint8Array;
  readonly tries: Tries;
};

/** Tries left, of the PIN and of the unblocking code. */
export type Tries = { readonly pin: number; readonly puk: number };

/** The bank's word on which payments need a code. */
export type SecondFactorRow = {
  readonly version: number;
  /** Absent once the bank has taken it off. */
  readonly factor?: SecondFactor | undefined;
};

export type SecondFactor = {
  /** 32 bytes, which the bank gave to whoever says the codes, too. */
  readonly secret: Uint8Array;
  /** Payments that reach it, alone or with what left before, need a code. */
  readonly from: Amount;
  /** Wrong codes that may still be entered; at none, the bank sets it anew. */
  readonly tries: number;
  /** The window of the last code that was right: none of it, or of one before, is taken again. */
  readonly lastWindow: number;
  /** What has left without a code since the last one. */
  readonly unconfirmed: Amount;
  /** The payment that a right code has opened, until it is made or its time is over, in milliseconds. */
  readonly opened?: (Confirmed & { readonly until: number }) | undefined;
};

/** What another device's codes are made with, on the device that shows them. */
export type ShownFactor = {
  readonly version: number;
  readonly secret: Uint8Array;
  readonly from: Amount;
};

/** A coin of the device's own key: lock key, custodian its own member. */
export type Coin = {
  readonly amount: Amount;
  /** Free to be paid; committed to a record that is not settled; spent by one that is. */
  readonly state: "free" | "committed" | "spent";
  /** Signed time at which a coin was found spent: until older receipts have died, it is remembered. */
  readonly since: number;
};

/** A record that is not settled, or that leads to a coin without receipt. */
export type HeldRecord = {
  readonly record: SignedRecord;
  readonly settled: boolean;
  /** Whose gateway acknowledged it; 0 for none. */
  readonly acknowledgedBy: MemberId;
  /** Why it does not apply, as the own member's gateway says. */
  readonly reason?: Reason | undefined;
};

/** A request of the device's own. It is open until it is paid; then it is kept to open what comes twice. */
export type OpenRequest = {
  readonly request: SignedRequest;
  readonly ephemeral: SealingKey;
  /** The requests' order. */
  readonly number: number;
  readonly isPaid: boolean;
};

/** What was answered to a message 2: the same exchange gives the same message 3. */
export type GivenAnswer = {
  /** The record that the message brought. */
  readonly id: Hex;
  readonly confirmation: Uint8Array;
  /** Milliseconds: after it, no honest payer repeats the message. */
  readonly until: number;
};

/** A record the device has made, from the moment its body is fixed. */
export type MadePayment = {
  /** Message 1; absent for a redemption, and for money that was paid to a code. */
  readonly request?: SignedRequest | undefined;
  /** Its signature is blank until it is signed. */
  readonly record: SignedRecord;
  /** Signed time when the body was fixed: the window of offline payments counts by it. */
  readonly time: number;
  /** Milliseconds: until the request has expired and the window has passed, it is remembered. */
  readonly until: number;
  /** Message 2, once sealed. */
  readonly message?: Uint8Array | undefined;
  /** The payee's answer, once confirmed. */
  readonly outcome?: ConfirmationStatus | undefined;
};

/** Another device, by its certificate. */
export type Counterparty = {
  readonly deviceKey: Hex;
  readonly label: string;
  /** Its bytes, where it has a label: to show by whose word that is. */
  readonly certificate?: Uint8Array | undefined;
};

/**
 * Paid to a device or received from one, redeemed, credited by the bank: a load, or a payment that a sync
 * found; paid to a code.
 */
export const pastKinds = ["paid", "received", "redeemed", "credited", "code"] as const;

/** What is remembered of a record when the record itself has been forgotten. */
export type PastRecord = {
  readonly kind: (typeof pastKinds)[number];
  /** Milliseconds: the later of the host's clock and signed time. */
  readonly time: number;
  readonly amount: Amount;
  readonly counterparty?: Counterparty | undefined;
  readonly reference: string;
  /** What of it has gone back to the payer, in exchanges of their own. */
  readonly givenBack: Amount;
  /** The payee's answer, once there is one. */
  readonly answer?: ConfirmationStatus | undefined;
  /** What the payee is given, if it was paid to a code: 10 bytes, as secret as the purse. */
  readonly code?: Uint8Array | undefined;
  /** Whether it is known to have applied. */
  readonly settled: boolean;
  /** The entries' order. */
  readonly number: number;
};

/** Every table, by the form of its keys. */
export type Tables = {
  /** One row, key `""`. */
  readonly purse: PurseRow;
  /** One row, key `""`. */
  readonly trust: SignedTrustList;
  /** One row, key `""`. */
  readonly emergency: SignedEmergencyProfile;
  /** By member, in decimal. */
  readonly revocations: SignedRevocationList;
  /** By device key. */
  readonly certificates: SignedCertificate;
  /** By outpoint. */
  readonly receipts: SignedReceipt;
  /** By record id. */
  readonly records: HeldRecord;
  /** By outpoint. */
  readonly coins: Coin;
  /** By the request's digest. */
  readonly requests: OpenRequest;
  /** By SHA-256 of message 2. */
  readonly answers: GivenAnswer;
  /** By the record's nonce. */
  readonly payments: MadePayment;
  /** By record id. */
  readonly history: PastRecord;
  /** One row, key `""`, if the purse has a PIN. */
  readonly pin: PinRow;
  /** One row, key `""`, once the bank has set one. */
  readonly secondFactor: SecondFactorRow;
  /** By the key of the device that pays. */
  readonly shownFactors: ShownFactor;
};

export type Table = keyof Tables;

export const tables = [
  "purse",
  "trust",
  "emergency",
  "revocations",
  "certificates",
  "receipts",
  "records",
  "coins",
  "requests",
  "answers",
  "payments",
  "history",
  "pin",
  "secondFactor",
  "shownFactors",
] as const satisfies readonly Table[];

type TableMaps = { readonly [T in Table]: Map<string, Tables[T]> };

export type State = TableMaps;

/** A row that a draft puts, or takes away where there is none. */
export type RowChange = {
  [T in Table]: { readonly table: T; readonly key: string; readonly row: Tables[T] | undefined };
}[Table];

export function emptyState(): State {
  const maps = tables.map((table) => [table, new Map()]);
  return Object.fromEntries(maps) as TableMaps;
}

/** Changes to a state that nobody sees before they are applied. */
export class Draft {
  readonly #state: State;
  readonly #changed = new Map<Table, Map<string, Tables[Table] | undefined>>();

  constructor(state: State) {
    this.#state = state;
  }

  get<T extends Table>(table: T, key: string): Tables[T] | undefined {
    const changed = this.#changed.get(table);
    if (changed?.has(key)) return changed.get(key) as Tables[T] | undefined;
    return this.#state[table].get(key) as Tables[T] | undefined;
  }

  /** The rows of a table as they will be, in no order that matters. */
  rows<T extends Table>(table: T): [string, Tables[T]][] {
    const rows: [string, Tables[T]][] = [];
    const changed = this.#changed.get(table);
    for (const [key, row] of this.#state[table]) {
      if (!changed?.has(key)) rows.push([key, row as Tables[T]]);
    }
    for (const [key, row] of changed ?? []) {
      if (row !== undefined) rows.push([key, row as Tables[T]]);
    }
    return rows;
  }

  put<T extends Table>(table: T, key: string, row: Tables[T]): void {
    this.#change(table, key, row);
  }

  remove(table: Table, key: string): void {
    if (this.get(table, key) !== undefined) this.#change(table, key, undefined);
  }

  get changes(): RowChange[] {
    const changes: RowChange[] = [];
    for (const [table, rows] of this.#changed) {
      for (const [key, row] of rows) changes.push({ table, key, row } as RowChange);
    }
    return changes;
  }

  /** To be called once the changes are durable. */
  apply(): void {
    for (const { table, key, row } of this.changes) {
      const rows: Map<string, unknown> = this.#state[table];
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    this.#changed.clear();
  }

  #change(table: Table, key: string, row: Tables[Table] | undefined): void {
    const rows = this.#changed.get(table) ?? new Map<string, Tables[Table] | undefined>();
    this.#changed.set(table, rows.set(key, row));
  }
}
