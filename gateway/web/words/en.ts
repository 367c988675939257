/** Everything the payment page says, in English. */
export type Reason =
  | "cancelled"
  | "timed-out"
  | "insufficient-funds"
  | "unavailable"
  | "wrong-credentials"
  | "wrong-code"
  | "over-online-limit"
  | "forbidden"
  | "conflict"
  | "expired"
  | "busy"
  | "malformed"
  | "not-found";

export const en = {
  language: "中文",
  title: "Pay",
  order: (number: string) => `Order ${number}`,
  loading: "One moment …",
  noOrder: "There is no order here that this bank can pay. Go back to the shop and begin again.",
  signIn: "Sign in to pay",
  identity: "Online identity",
  identityHint: "Phone number, account number, the number from your bank, or your own name",
  password: "Payment password",
  passwordHint: "Not the password or PIN of your bank account",
  next: "Go on",
  otherBank: "Pay from another bank",
  choose: "How do you want to pay?",
  account: "From account",
  terminal: "Send the code to",
  another: "Another terminal",
  channel: "By",
  channels: { sms: "SMS", mail: "Mail", file: "Device" },
  address: "Phone number, mail address or name",
  mode: "And then",
  modes: { page: "I type it here", reply: "I send it back from there" },
  send: "Send the code",
  enter: "Enter the code",
  sent: "Compare amount and merchant in the message with this page first.",
  code: "Code",
  codeHint: "Eight digits",
  pay: (amount: string) => `Pay ${amount}`,
  reply: "Compare amount and merchant in the message, then send the code back from your terminal.",
  again: (left: number) => `Send another code (${left} left)`,
  cancel: "Cancel",
  waiting: "Your bank is paying",
  waitingHint: "The code was right. This takes some seconds; you may close this page.",
  paid: "Paid",
  paidHint: (merchant: string) => `${merchant} is told, and delivers now.`,
  refused: "Not paid",
  back: (merchant: string) => `Back to ${merchant}`,
  retry: "Try again",
  broken: "Something went wrong here. Nothing was lost: reload the page.",
  reasons: {
    cancelled: "You have cancelled the payment. No money has moved.",
    "timed-out": "No right code came in time. No money has moved.",
    "insufficient-funds": "There is not enough money in the account.",
    unavailable: "This does not work at the moment. Try again, or choose another terminal.",
    "wrong-credentials":
      "Identity or payment password is wrong. After five wrong tries the bank locks online payments.",
    "wrong-code": "This is not the code for this payment, or it came too late.",
    "over-online-limit": "This is more than the limit you have set for online payments.",
    forbidden: "Your bank does not allow this. Ask it.",
    conflict: "The order is being paid already, or too much is under way at once.",
    expired: "The order is over. Go back to the shop and begin again.",
    busy: "The bank has a lot to do. Try again in a moment.",
    malformed: "This is not complete, or has a form that it must not have.",
    "not-found": "The payment is not known any more. Go back to the shop and begin again.",
  } satisfies Record<Reason, string> as Record<Reason, string>,
};

export type Words = typeof en;
