/** What the pages say, in English. */
import { refusalsEn } from "./refusals-en.ts";

export type Words = typeof en;

export const en = {
  ownName: "English",
  language: "Language",
  refusals: refusalsEn,
  broken: "Something went wrong in this page. Load it again: nothing you have done is lost.",

  // Ways around.
  back: "Back",
  cancel: "Cancel",
  done: "Done",
  tryAgain: "Try again",
  more: "Limits and help",
  newVersion: "A new version is ready.",
  restart: "Restart",
  openElsewhere: "Open in another window",
  cannotOpen: "The wallet cannot be opened",

  // Setting up.
  welcome: "Your wallet",
  welcomeTill: "Your till",
  asksBank: "The wallet asks your bank how to begin.",
  atBank: (bank: string, currency: string) => `${bank} · ${currency}`,
  credential: "Code from your bank",
  credentialHint: "26 letters and digits. It works once, for one device.",
  shopName: "Name of the shop",
  shopNameHint: "Exactly as your bank has written it: customers see it when they pay.",
  setUp: "Set up",
  settingUp: "Asking the bank…",
  walletIsHost:
    "This wallet lives in a browser. Money you load can be paid at once, also offline. Money you receive offline is yours, and can be spent after the next sync.",
  tillIsHost:
    "This till lives in a browser. It takes payments offline, and hands them to the bank by itself when there is a network.",
  checkNumber: "Check number",
  checkNumberHint:
    "It stands for the central bank's key. If your bank has given it to you on paper, compare the two.",

  // What there is.
  balance: "Balance",
  readyToPay: "Ready to pay",
  receivedOffline: "Received offline, yours once you sync",
  afterSync: "Ready after the next sync",
  changeWaiting: "Change, once the payee confirms or you sync",
  doubtful: "In doubt: the bank has refused a payment it comes from",
  offline: "Offline. Paying works.",
  connecting: "Connecting to the bank…",
  settling: "Settling with the bank…",
  upToDate: (time: string) => `Settled with the bank, ${time}`,
  syncNow: "Sync",
  unfinished: "A payment is not finished.",
  goOn: "Go on with it",

  // Paying.
  pay: "Pay",
  scanRequest: "Scan the code to pay",
  confirmTitle: "Is this right?",
  youPay: "You pay",
  to: (name: string) => `to ${name}`,
  someone: "a private person",
  payAmount: (amount: string) => `Pay ${amount}`,
  paidTitle: (amount: string) => `You pay ${amount}`,
  letPayeeScan: "Let the payee scan this.",
  scanAnswer: "Scan the confirmation",
  showCodeAgain: "Show my code again",
  payeeHasGone: "The payee has gone: settle with the bank instead",
  paymentTitle: "Payment",
  said: {
    accepted: (name: string) => `Paid to ${name}.`,
    returned: (name: string) => `It was paid back by ${name}. Nothing has left you.`,
    invalid: (name: string) => `It cannot be used by ${name}. Sync: the bank decides.`,
  },
  paymentCode: (amount: string) => `Code that pays ${amount}`,

  // Paying somebody who has no wallet.
  payByCode: "Pay by a code",
  payByCodeHint:
    "For somebody without a wallet: who has the code and the password gets the money at your bank, or at another that hears which bank yours is. What nobody comes for returns to your account.",
  payeePassword: "Password of the payee",
  payeePasswordHint: "The payee chooses it. At least four letters or digits.",
  makeCode: "Make the code",
  giveCode: (bank: string) => `Give the payee this code. The money waits at ${bank}.`,
  codeOnceSettled:
    "It is worth nothing until this payment has settled: your wallet sees to that when it is online. The code stays in your payments.",

  // Being paid.
  bePaid: "Be paid",
  amount: "Amount",
  notAnAmount: (digits: number) =>
    digits === 0
      ? "Write an amount such as 12."
      : `Write an amount such as 12.${"5".padEnd(digits, "0")}.`,
  reference: "What for (may stay empty)",
  showCode: "Show the code",
  askTitle: (amount: string) => `You ask for ${amount}`,
  letPayerScan: "Let the payer scan this, then scan the payer's code.",
  requestCode: (amount: string) => `Code that asks for ${amount}`,
  scanPayment: "Scan the payment",
  cancelRequest: "Do not ask any more",
  received: "Received",
  yoursOnceSynced: "Received offline. It is yours, and can be spent once you sync.",
  notAccepted: "Not accepted",
  answers: {
    accepted: "It is accepted.",
    returned: "The money goes back to the payer with the code below.",
    invalid: "This is no money. Nothing was taken.",
  },
  earlierPaid: (asked: string) =>
    `This pays an earlier request. The one for ${asked} has not been paid.`,
  letPayerScanAnswer: "Let the payer scan this, so that both sides know.",
  answerCode: "Code that confirms the payment",

  // Codes.
  cameraPicture: "Picture of the camera",
  codeRead: "How much of the code has been read",
  noCamera:
    "There is no camera here, or the browser may not use it. Allow the camera, or use the code as text or as a file.",
  withoutCamera: "Without a camera",
  copy: "Copy as text",
  copied: "Copied.",
  saveFile: "Save as a file",
  handOverHint: "Hand the text or the file to the other device.",
  pasteHere: "Text from the other device",
  useText: "Use this text",
  openFile: "Open a file",

  // The account.
  load: "Load money",
  loadHint: "It is taken from your account and kept in this wallet.",
  loadUnderWay: (amount: string) => `${amount} was asked for before and is on its way.`,
  loadAmount: (amount: string) => `Load ${amount}`,
  loaded: "It is in your wallet, ready to pay.",
  redeem: "Pay into account",
  redeemHint: "It leaves this wallet and is credited to your account.",
  redeemAmount: (amount: string) => `Pay ${amount} in`,
  redeemed: "It is in your account.",
  underWay: "Under way…",

  // What happened.
  payments: "Payments",
  allPayments: "All payments",
  noPayments: "No payments yet.",
  kinds: {
    paid: (name: string) => `To ${name}`,
    received: (name: string) => `From ${name}`,
    code: () => "To whoever has the code",
    redeemed: () => "Into your account",
    credited: () => "From your bank",
  },
  states: {
    waiting: "not confirmed",
    accepted: "confirmed",
    invalid: "not usable",
    unverified: "unverified",
    returned: "paid back",
    settled: "settled",
    refused: "refused",
  },

  purposes: { refund: "money back", change: "change" },
  takeBack: "Ask for money back",
  takeBackHint: "Whoever was paid scans the code, and pays this much of it back to this device.",
  askForChange: (amount: string) => `Ask for the change of ${amount}`,
  givenBack: (amount: string) => `${amount} of it has been paid back`,

  // The PIN.
  pin: "PIN",
  choosePin: "Choose a PIN",
  changePin: "Change the PIN",
  setPin: "Set the PIN",
  presentPin: "Present PIN",
  newPin: "New PIN",
  pinHint: "4 to 12 digits.",
  puk: "PUK",
  forgotPin: "I have forgotten it, or it is blocked",
  writePukDown: "Write this PUK down first. It sets a new PIN when the old one is blocked.",
  pinIsSet: "The PIN is set",
  pinAsked: "It is asked for each time money leaves this wallet.",
  pinKeeps:
    "A PIN keeps people who hold this device from paying with it. It does not help against programs on it.",

  // The code of a high amount.
  confirmationCode: "Code for this payment",
  confirmationHint: (payee: string) =>
    `From your second device, or from your bank by telephone: say this amount, and payee ${payee}.`,

  // This wallet as the second device.
  secondDevice: "Codes for another device",
  secondDeviceKeeps:
    "Your bank can have this wallet show the codes by which another device of yours pays high amounts.",
  secondDeviceNone:
    "This wallet shows no codes yet. Ask your bank to have it show those of your other device, and sync both.",
  payeeNumber: "Number of the payee",
  payeeNumberHint: "12 digits, as the device that pays shows it.",
  scanPayee: "Scan the payee's code",
  typeInstead: "Type amount and number",
  whichDevice: "Which device pays?",
  deviceFrom: (number: string, amount: string) => `${number}, codes from ${amount} on`,
  deviceNumber: "Number of this device",
  deviceNumberHint:
    "Payers see it as the payee's number, and a second device tells your devices apart by it.",
  showConfirmation: "Show the code",
  showAnother: "Show another code",
  codeConfirms: (amount: string, payee: string) => `Confirms ${amount} to payee ${payee}`,
  codeGoodUntil: (time: string) =>
    `Good until ${time}, once, for this amount and this payee alone.`,
  codeIsOver: "The time of this code is over.",
  codeIsYours: "Type it on your own device. Tell nobody, whoever asks.",

  // The till.
  askForPayment: "Ask for payment",
  order: "Order or table (may stay empty)",
  customerScans: "The customer scans this",
  customerShows: "and shows the answer here",
  accepted: "Accepted",
  refused: "Refused",
  tillStates: {
    unverified: "Unverified until the till has synced.",
    settled: "Settled with the bank.",
  },
  nextSale: "Next sale",
  payBack: "Pay money back",
  day: "Today",
  dayTotal: "Totals of today",
  takenIn: (count: number) => (count === 1 ? "Taken in 1 payment" : `Taken in ${count} payments`),
  unverifiedTotal: "of it unverified until you sync",
  paidBack: "Paid back",
  eraseDigit: "Erase the last digit",

  // Limits and help.
  limits: "What this wallet may do offline",
  limitPayment: "One payment",
  limitRoom: "Room for money",
  limitCount: "Payments",
  limitUntil: "Good until",
  noLimit: "no limit",
  below: (amount: string) => `below ${amount}`,
  roomOf: (room: string, most: string) => `${room} of ${most}`,
  countIn: (left: number, hours: number) => `${left} more in ${hours} h`,
  limitsHint: "A sync renews it. Your bank sets the limits.",
  lostTitle: "If you lose this device",
  lostIntro: (bank: string) => `Call ${bank} at once, or go there with your papers.`,
  lostSteps: [
    "Say that the device is lost. The bank blocks it: nobody is to take money from it any more.",
    "Payments you made or received and had not synced still count if the other side syncs.",
    "What is left on the device comes back to your account when the network's waiting time is over.",
    "The bank gives you a new code for a new device.",
  ],
  aboutTitle: "About this wallet",
  storageKept: "The browser has promised to keep what is in it.",
  storageAtRisk:
    "The browser may clear it when the disk is full. Install it on this device, or keep little money in it.",
};
