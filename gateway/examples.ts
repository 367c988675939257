/** What the description of the staff's routes shows: Anna's account, her phone, and the bank's books. */
import type * as Api from "./schema.ts";

const owner = "0x1f8a6c0e5b7d3924a1c0f6e2d4b8937a50c61e2f";
const record = "0x7c9f1e44b0a35d6288c2e0f17a9b3d54e6f8a1c2b3d4e5f60718293a4b5c6d7e";
const expires = 1_800_086_400_000;
const credential = "4T7QX0J2V9KM3RD8W5CEGHZN6B";

export const account = { account: "anna" } as const;
export const device = { owner } as const;
export const newAccount = { account: "anna", customer: "c-1017" } as const;
export const newDeposit = { amount: "25000", reference: "slip-17" } as const;
export const newWithdrawal = { amount: "20000", reference: "slip-18" } as const;
export const credentialFor = { class: "terminal", label: "Kiosk", place: "8FVC9G8F+6X" } as const;
export const replacing = { credential, expires } as const;
export const issued = { ...replacing, label: "Kiosk 8FVC9G8F+6X" } as const;
export const firstPage = { limit: 100 } as const;
export const newBurn = { amount: "100000" } as const;
export const ofRecord = { record } as const;
export const byId = { id: record } as const;

export const accountRow: Api.AccountRow = {
  ...newAccount,
  available: "20000",
  held: "0",
  onDevices: "5000",
  devices: [owner],
};

export const entry = {
  number: 12,
  time: 1_800_000_000_000,
  kind: "deposit",
  reference: "deposit:slip-17",
  available: "25000",
  held: "0",
  onDevices: "0",
} as const;

export const deviceRow: Api.DeviceRow = {
  owner,
  key: "0x02b4632d08485ff1df2db55b9dafd23347d1c47a457072a1e87be26896549a8737",
  account: "anna",
  class: "software",
  label: "",
  registered: 1_800_000_000_000,
};

export const blocked: Api.DeviceState = {
  ...deviceRow,
  blocked: 1_800_003_600_000,
  doubleSpends: [],
};

export const closed: Api.DeviceState = { ...blocked, closed: 1_800_003_600_000 };

export const newSecondFactor = { from: "10000" } as const;
export const secondFactor: Api.SecondFactor = { ...newSecondFactor, version: 1, isTaken: false };
export const liftedSecondFactor: Api.SecondFactor = { version: 2, from: "0", isTaken: false };
export const toConfirm = { amount: "45000", payee: "071935527410" } as const;
export const secondFactorCode = { code: "40718253", expires: 1_800_000_120_000 } as const;

export const closedAccount: Api.AccountRow = {
  ...accountRow,
  isClosed: true,
  available: "0",
  onDevices: "0",
};

const till = "0x9b2e4d7f013c5a68e1b0d9f27c46835ae0f1d2c3";

export const paymentQuestion = { account: "anna", other: till, limit: 100 } as const;

export const foundPayments: Api.FoundPayments = {
  payments: [
    {
      record,
      kind: "spend",
      device: owner,
      role: "payer",
      amount: "450",
      others: [till],
      time: 1_800_000_000_000,
      cycle: 12,
    },
  ],
};

export const whereabouts = { id: record, state: "pending", code: "unknown-coin" } as const;

export const explanation: Api.Explanation = {
  ...whereabouts,
  sentences: ["This gateway has it durably and hands it to its node."],
};

export const vaultRow = { owner, amount: "10000000", coins: 3, spending: 0 } as const;

export const books = {
  cash: "-25000",
  settlement: "0",
  bond: "0",
  losses: "0",
  available: "20000",
  held: "0",
  onDevices: "5000",
  total: "0",
} as const;

export const tieOut = { accounts: 3, entries: 12, devices: 1, differences: [] };

export const cycle = {
  number: 12,
  closed: 1_800_000_000_000,
  settled: 1_800_000_900_000,
  settlementDay: "2027-01-15",
  payments: 1,
} as const;

export const intakeRow = { leaves: 2, bytes: 542, loads: 1 } as const;
