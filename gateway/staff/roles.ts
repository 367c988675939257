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
} as const;

export type StaffRole = keyof typeof staffRoles;

const { teller, operator, auditor, relay } = staffRoles;

/** Of a route, by what it does. */
export const may = {
  serve: [teller],
  seeCustomers: [teller, auditor],
  run: [operator],
  seeWorkings: [operator, auditor],
  seeBooks: [teller, operator, auditor],
  bringCodes: [relay],
} as const;
