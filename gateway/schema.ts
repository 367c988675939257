/** What the gateway's JSON routes say and hear. Amounts are decimal strings of minor units. */
import { type Static, type TSchema, Type } from "typebox";
import { GRID_CELL_PATTERN } from "../protocol/grid-cell.ts";
import { entryKinds } from "./accounts.ts";
import { deviceClassNames } from "./devices.ts";

const hex = (bytes: number, description: string) =>
  Type.String({ pattern: `^0x[0-9a-f]{${2 * bytes}}$`, description });
const amount = (description: string) =>
  Type.String({ pattern: "^(0|-?[1-9][0-9]*)$", description: `${description}, in minor units` });
const time = (description: string) =>
  Type.Integer({ minimum: 0, description: `${description}, in milliseconds` });

export const RecordId = hex(32, "Id of a record or an enrolment");
export const OwnerName = hex(20, "First 20 bytes of SHA-256 of the device key");
export const AccountName = Type.String({
  pattern: "^[A-Za-z0-9._:-]{1,64}$",
  description: "The account",
});
export const Reference = Type.String({
  pattern: "^[A-Za-z0-9._:/-]{1,128}$",
  description: "Names the operation: repeated under it, nothing happens twice",
});
export const Deposited = Type.String({
  pattern: "^[1-9][0-9]{0,19}$",
  description: "Minor units",
});

/** How a device finds the bank. */
export const MemberInfo = Type.Object({
  networkId: hex(32, "The network's id"),
  member: Type.Integer({ description: "The member whose gateway this is" }),
  vault: OwnerName,
  issuer: hex(33, "Issuer key"),
  intake: hex(33, "Key that couriers' requests are sealed to"),
});

/** What a device is set up with. */
export const NetworkInfo = Type.Object({
  networkId: hex(32, "The network's id"),
  member: Type.Integer({ description: "The member whose gateway this is" }),
  name: Type.String({ description: "The member's name, as the trust list has it" }),
  currency: Type.Object({
    code: Type.String({ description: "ISO 4217" }),
    digits: Type.Integer({ description: "Of the minor unit" }),
  }),
  trustKey: hex(33, "Key of the authority that signs the first trust list handed out here"),
  receiptLifeS: Type.Integer({ description: "How long receipts and certificates may live" }),
});

export const Explanation = Type.Object({
  id: RecordId,
  state: Type.String({ description: "unknown, pending, applied or refused" }),
  code: Type.Optional(Type.String({ description: "Why it has not applied" })),
  restitution: Type.Optional(
    Type.String({ description: "How far the coins have come that it lost to other records" }),
  ),
  sentences: Type.Array(Type.String(), { description: "What happened and what comes next" }),
});

export const NewAccount = Type.Object(
  {
    account: AccountName,
    customer: Type.String({
      minLength: 1,
      maxLength: 128,
      description: "The bank's own reference to its customer, sealed into enrolments",
    }),
  },
  { additionalProperties: false },
);

export const AccountRow = Type.Object({
  account: AccountName,
  customer: Type.String(),
  isClosed: Type.Optional(Type.Boolean({ description: "Nothing can be frozen in it any more" })),
  available: amount("What the customer can dispose of"),
  held: amount("Frozen for loads under way"),
  onDevices: amount("Frozen because it is on devices"),
  devices: Type.Array(OwnerName),
});

export const NewDeposit = Type.Object(
  { amount: Deposited, reference: Reference },
  { additionalProperties: false },
);

/** What the bank certifies of the device. */
export const CredentialFor = Type.Object({
  class: Type.Enum(deviceClassNames, { default: "software" }),
  label: Type.String({
    default: "",
    maxLength: 32,
    description: "What payers' screens show: a shop's name; empty for persons",
  }),
  place: Type.Optional(
    Type.String({
      pattern: `^${GRID_CELL_PATTERN}$`,
      description:
        "Where a till stands: a full Open Location Code of ten or eleven digits, which becomes the end of the label",
    }),
  ),
});

export const Credential = Type.Object({
  credential: Type.String({ description: "What the device shows, in UTF-8, when it enrols: once" }),
  expires: time("Until when"),
  label: Type.String({ description: "What the device says then that it is called" }),
});

export const EntryRow = Type.Object({
  number: Type.Integer(),
  time: time("When"),
  kind: Type.Enum([...entryKinds]),
  reference: Type.String(),
  available: amount("Change of what is available"),
  held: amount("Change of what is held"),
  onDevices: amount("Change of what is on devices"),
});

export const DeviceRow = Type.Object({
  owner: OwnerName,
  key: hex(33, "The device key"),
  account: AccountName,
  class: Type.Enum(deviceClassNames),
  label: Type.String(),
  registered: time("When"),
  blocked: Type.Optional(time("Since when")),
  closed: Type.Optional(time("When its customer gave it up, empty")),
});

/** A lost device, step by step. */
export const LostDeviceRow = Type.Object({
  reported: time("When"),
  isClosed: Type.Optional(
    Type.Boolean({ description: "Its customer gave it up: what comes to it late is taken back" }),
  ),
  revoked: Type.Optional(time("Block time of its revocation; absent until the chain has it")),
  reclaimableFrom: Type.Optional(time("From when on what it holds is taken back")),
  onDevice: amount("What it still holds on the ledger"),
  reclaimed: amount("What was taken back"),
  proven: amount("What of it payees have proven to be theirs since"),
  credited: amount("What of it is the customer's again"),
  contested: amount("What of it a payment names that nobody was paid for: the bank looks at it"),
  creditFrom: Type.Optional(
    time("When more of it becomes the customer's, unless payees come before"),
  ),
  replacement: Type.Optional(
    Type.Object({
      device: Type.Optional(OwnerName),
      load: Type.Boolean({ description: "Whether what is credited is loaded onto it" }),
      loaded: amount("What was"),
    }),
  ),
  sentences: Type.Array(Type.String(), { description: "What the customer is told" }),
});

/** A coin of a device that two records name. */
export const DoubleSpendRow = Type.Object({
  conflict: RecordId,
  winner: RecordId,
  loser: RecordId,
  winnerKind: Type.Union([Type.Literal("spend"), Type.Literal("reclaim")], {
    description: "Where the bank's reclaim won, nobody cheated",
  }),
  amount: amount("What the bond pays once more"),
  fine: amount("What the bank is fined for it"),
  stage: Type.String({ description: "How far it has come" }),
});

export const DeviceState = Type.Intersect([
  DeviceRow,
  Type.Object({
    revoked: Type.Optional(time("Block time of its revocation")),
    lost: Type.Optional(LostDeviceRow),
    doubleSpends: Type.Array(DoubleSpendRow),
  }),
]);

export const NewSecondFactor = Type.Object(
  {
    from: Deposited,
    shownBy: Type.Optional(
      hex(20, "Another device of the customer's, which shows the codes; absent for the voice line"),
    ),
  },
  { additionalProperties: false },
);

export const SecondFactor = Type.Object({
  version: Type.Integer({ description: "Rises with each change" }),
  from: amount("Payments of at least this much need a code; 0 once it is taken off"),
  shownBy: Type.Optional(OwnerName),
  isTaken: Type.Boolean({ description: "Whether the device keeps this version, as it says" }),
});

/** What the customer reads to the voice line. */
export const ToConfirm = Type.Object(
  {
    amount: Deposited,
    payee: Type.String({ pattern: "^[0-9]{12}$", description: "The payee's number" }),
  },
  { additionalProperties: false },
);

export const SecondFactorCode = Type.Object({
  code: Type.String({ pattern: "^[0-9]{8}$", description: "As it is to be entered" }),
  expires: time("Until when a purse takes it whose clock agrees"),
});

export const ReplacementFor = Type.Object(
  {
    load: Type.Boolean({
      default: false,
      description: "Whether what is taken back is loaded onto the new device",
    }),
  },
  { additionalProperties: false },
);

export const Replacement = Type.Object({
  credential: Type.Optional(
    Type.String({ description: "What the new device shows, in UTF-8, when it enrols: once" }),
  ),
  expires: Type.Optional(time("Until when")),
  device: Type.Optional(OwnerName),
});

/** What identifies a payment. */
export const PaymentQuestion = Type.Object({
  account: Type.Optional(AccountName),
  device: Type.Optional(OwnerName),
  other: Type.Optional(OwnerName),
  limit: Type.Integer({
    minimum: 1,
    maximum: 512,
    default: 100,
    description: "Leaves of a device's that are looked at",
  }),
  after: Type.Optional(
    Type.String({
      pattern: "^0x[0-9a-f]{40}(/[0-9]{1,15}\\.[0-9]{1,9})?$",
      description: "`next` of the page before",
    }),
  ),
});

export const FoundPayments = Type.Object(
  {
    payments: Type.Array(
      Type.Object({
        record: RecordId,
        kind: Type.String({
          description: "spend, claim or reclaim; or what made a coin without one",
        }),
        device: OwnerName,
        role: Type.Union([Type.Literal("payer"), Type.Literal("payee")]),
        amount: amount("What the payer gave away, or the payee got"),
        others: Type.Array(OwnerName, { description: "Who is on the other side" }),
        time: time("Block time"),
        cycle: Type.Integer({ description: "Cycle in which it applied" }),
      }),
    ),
    next: Type.Optional(Type.String({ description: "`after` of the next page" })),
  },
  {
    description:
      "Device after device, the latest first of each; a page may be short, or empty, and more follow",
  },
);

export const VaultRow = Type.Object({
  owner: OwnerName,
  amount: amount("Confirmed coins and change that is on its way"),
  coins: Type.Integer({ description: "How many" }),
  spending: Type.Integer({ description: "Spends that are not final" }),
});

export const NewBurn = Type.Object({ amount: Deposited }, { additionalProperties: false });

export const Burn = Type.Object({ record: RecordId });

export const Merge = Type.Object({
  record: Type.Union([RecordId, Type.Null()], {
    description: "Null if there was nothing to merge",
  }),
});

export const Books = Type.Object({
  cash: amount("What customers have brought, less what is here of it: negative"),
  settlement: amount(
    "What devices have paid to others, less what others have paid to them, less what the bond has paid in",
  ),
  bond: amount("What the bond has paid for double spends and fines"),
  losses: amount("What of it the bank bears: negative"),
  available: amount("All accounts'"),
  held: amount("All accounts'"),
  onDevices: amount("All accounts'"),
  total: amount("Of all books: always zero"),
});

export const TieOut = Type.Object({
  accounts: Type.Integer({ description: "How many were added up" }),
  entries: Type.Integer({ description: "Of all of them" }),
  devices: Type.Integer({ description: "How many the ledger was asked for" }),
  differences: Type.Array(
    Type.Object({
      account: Type.Optional(AccountName),
      what: Type.Enum(["available", "held", "onDevices", "devices", "hold", "book"]),
      name: Type.Optional(Type.String({ description: "The hold's reference, or the book" })),
      expected: amount("As it is added up"),
      found: amount("As it stands"),
    }),
    { description: "Empty if all ties out" },
  ),
});

export const IntakeRow = Type.Object({
  leaves: Type.Integer({ description: "Leaves that are not final" }),
  bytes: Type.Integer(),
  loads: Type.Integer({ description: "Loads that are not final" }),
});

/** A page of a list that ascends by name. */
export const Page = <S extends TSchema>(name: S) =>
  Type.Object({
    after: Type.Optional(name),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  });

export type MemberInfo = Static<typeof MemberInfo>;
export type NetworkInfo = Static<typeof NetworkInfo>;
export type AccountRow = Static<typeof AccountRow>;
export type DeviceRow = Static<typeof DeviceRow>;
export type SecondFactor = Static<typeof SecondFactor>;
export type DeviceState = Static<typeof DeviceState>;
export type FoundPayments = Static<typeof FoundPayments>;
export type TieOut = Static<typeof TieOut>;
export type Explanation = Static<typeof Explanation>;
