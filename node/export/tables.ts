/**
 * The tables that can be exported, and what each column means. Names and meanings are a promise to whoever
 * reads the files: columns are added at the end, and never change what they say.
 */

/** Amounts are minor units; times are whole seconds since 1970, of the chain's blocks. */
export type ColumnType = "text" | "integer" | "amount" | "time" | "flag";

export type Column = {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a row may have none. */
  readonly isOptional?: true;
  readonly meaning: string;
};

export const tables = {
  records: [
    { name: "seq", type: "integer", meaning: "Event of the log that applied the record" },
    { name: "place", type: "integer", meaning: "Its place among what that event applied, from 0" },
    { name: "cycle", type: "integer", meaning: "Cycle in which it applied" },
    { name: "time", type: "time", meaning: "Time of the block that sequenced it" },
    { name: "id", type: "text", meaning: "Id of the record" },
    { name: "kind", type: "text", meaning: "spend, claim or reclaim" },
    { name: "signer", type: "text", meaning: "Owner of the key that signed it" },
    { name: "member", type: "integer", meaning: "Custodian of the coins it took" },
    { name: "inputs", type: "integer", meaning: "Coins it took" },
    { name: "outputs", type: "integer", meaning: "Coins it made, burns included" },
    { name: "amount", type: "amount", meaning: "Sum of what it took, which is what it made" },
    { name: "to_others", type: "amount", meaning: "Of it, what does not go back to the signer" },
    { name: "burnt", type: "amount", meaning: "Of it, what left the ledger for the reserve" },
    { name: "has_memo", type: "flag", meaning: "Whether a sealed memo is bound to it" },
  ],
  coins: [
    { name: "seq", type: "integer", meaning: "Event of the log that applied the record" },
    { name: "time", type: "time", meaning: "Time of the block that sequenced it" },
    { name: "outpoint", type: "text", meaning: "Name of the coin: record id and output index" },
    { name: "record", type: "text", meaning: "Id of the record that made it" },
    { name: "output", type: "integer", meaning: "Its index among the record's outputs, from 0" },
    { name: "lock", type: "integer", meaning: "0 a key's, 1 a claim, 2 burnt" },
    {
      name: "owner",
      type: "text",
      meaning: "Owner of the key, or what a claim's secret hashes to",
    },
    { name: "custodian", type: "integer", meaning: "Member that keeps the owner's account" },
    { name: "amount", type: "amount", meaning: "What it is worth" },
    {
      name: "taker",
      type: "text",
      isOptional: true,
      meaning: "Record that has taken it since; empty while it is unspent",
    },
  ],
  positions: [
    { name: "cycle", type: "integer", meaning: "Number of the cycle" },
    { name: "seq", type: "integer", meaning: "Event that closed it" },
    { name: "member", type: "integer", meaning: "A member whose custody moved in it" },
    { name: "delta", type: "amount", meaning: "Net change of its custody by records" },
    { name: "withdrawn", type: "amount", meaning: "What it burnt, to withdraw reserves" },
    { name: "supply", type: "amount", meaning: "Sum of all coins at the cycle's end" },
    { name: "records", type: "integer", meaning: "Records applied in the cycle, by all members" },
    { name: "settled", type: "flag", meaning: "Whether the chain has settled it" },
  ],
  cases: [
    { name: "case", type: "integer", meaning: "Number of the case" },
    { name: "kind", type: "text", meaning: "double-spend, false-receipt or false-certificate" },
    {
      name: "status",
      type: "text",
      meaning: "opened, answered, ruled, enforced, dismissed or lapsed",
    },
    { name: "claimant", type: "integer", meaning: "Member that opened it" },
    { name: "accused", type: "integer", meaning: "Member whose bond is asked" },
    { name: "amount", type: "amount", meaning: "What is asked, over all debts" },
    {
      name: "deadline",
      type: "time",
      isOptional: true,
      meaning: "Last second of the step it is in; empty where no step waits",
    },
    { name: "argument", type: "text", meaning: "SHA-256 of what the claimant puts forward" },
    { name: "answer", type: "text", meaning: "SHA-256 of the answer, zero for none" },
    { name: "debts", type: "integer", meaning: "Coins or awards that it asks for" },
  ],
  disclosures: [
    { name: "request", type: "integer", meaning: "Number of the request" },
    { name: "requester", type: "text", meaning: "Account that asks" },
    { name: "epoch", type: "integer", meaning: "Epoch of the audit key that it is sealed to" },
    { name: "until", type: "time", meaning: "Last second at which it may be approved or answered" },
    { name: "approvals", type: "integer", meaning: "Holders that approved" },
    { name: "approved_by", type: "text", meaning: "Their numbers, with spaces" },
    { name: "granted", type: "flag", meaning: "Whether it is granted and has not ended" },
    { name: "subject", type: "text", meaning: "Hash of what is to be opened, with a salt" },
    { name: "legal_basis", type: "text", meaning: "Hash of the legal basis" },
  ],
} as const satisfies Record<string, readonly Column[]>;

export type TableName = keyof typeof tables;

export const tableNames = Object.keys(tables) as TableName[];

/** Amounts as decimal strings. */
export type Cell = string | number | boolean | null;

type CellOf<C extends Column> =
  | (C["type"] extends "text" | "amount" ? string : C["type"] extends "flag" ? boolean : number)
  | (C extends { isOptional: true } ? null : never);

/** A row of a table: every column has its cell. */
export type Row<T extends TableName = TableName> = T extends TableName
  ? { readonly [C in (typeof tables)[T][number] as C["name"]]: CellOf<C> }
  : never;
