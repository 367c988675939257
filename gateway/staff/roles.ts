/** Who works with the staff's listener, and what each may do there. */
export const staffRoles = {
  /** At the counter: customers' accounts, credentials and devices. */
  teller: "teller",
  /** Runs the gateway: the vault, and what goes on by itself. */
  operator: "operator",
  /** Sees everything and changes nothing. */
  auditor: "auditor",
  /** The bank's SMS centre: brings codes back from customers' terminals, and does nothing else. */
  relay: "relay",
  /** The bank's voice line: says to customers the codes of their payments, and does nothing else. */
  voice: "voice",
} as const;

export type StaffRole = keyof typeof staffRoles;

const { teller, operator, auditor, relay, voice } = staffRoles;

/** Of a route, by what it does. */
export const may = {
  serve: [teller],
  seeCustomers: [teller, auditor],
  run: [operator],
  seeWorkings: [operator, auditor],
  seeBooks: [teller, operator, auditor],
  bringCodes: [relay],
  sayCodes: [voice],
} as const;
