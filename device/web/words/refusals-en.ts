/** What each refusal means to the person in front of the page, and what to do. */
import type { RefusalCode } from "../../../protocol/refusal.ts";

const callBank = "The bank's service is not set up as it should be. Call the bank.";

export const refusalsEn: Readonly<Record<RefusalCode, string>> = {
  malformed: "This is not a payment code of this network. Ask for the code again and scan it anew.",
  "unsupported-version":
    "The two apps are of different versions. Update the older one, then try again.",
  "too-large": "This is more than a payment can be. Ask for the code again.",
  "bad-signature": "The code is not signed as it should be. Do not accept it; ask for a new one.",
  "bad-proof":
    "The bank's answer does not fit the question. Sync again; if it happens again, call the bank.",
  "cannot-open":
    "The code is for another device, or was changed. Ask for a new code and scan that.",
  "failed-ceremony": callBank,
  duplicate: "This is done already. There is nothing to do.",
  "unknown-coin":
    "The bank has not heard of the payments before this one yet. It is kept: sync again later.",
  spent:
    "This money was spent somewhere else first. Keep the payment: it is your claim, and each sync tells what comes of it.",
  "wrong-owner": "The payment spends money that is not the payer's. Do not accept it.",
  "wrong-preimage": "The claim code is wrong. Check it and try again.",
  "not-reclaimable":
    "The money cannot be taken back yet. Wait until the time that the bank has named.",
  unbalanced: "The amounts of the payment do not add up. Do not accept it.",
  "unknown-recipient":
    "The payment also pays someone whom no bank knows. Do not accept it; ask to be paid anew.",
  "already-enrolled":
    "This device belongs to another bank already. Use another device for this bank.",
  "unknown-member": "No such bank is in this network. Check it with your bank.",
  "not-for-us":
    "This code answers another request, or is for another device. Show your code again and scan the answer to it.",
  expired:
    "Something here is out of date. Connect to the internet, let both devices sync, and try again.",
  "not-yet-valid": "This is not valid yet. Check the clock of the device, or sync, and try again.",
  revoked: "This device has been blocked by its bank. Its holder has to call the bank.",
  "untrusted-issuer":
    "The other bank is not known here. Connect to the internet, sync, and try again.",
  "over-guarantee":
    "The other device may hold more than its bank guarantees. Sync and try again, or be paid another way.",
  "over-payment-limit": "The amount is above the limit for one payment. Pay less at once.",
  "over-count-limit":
    "There have been as many payments as the bank allows for now. Wait, or sync and try again.",
  "over-balance-limit":
    "The receiver would hold more than the bank allows. Take less, or pay money into the account first.",
  "over-depth-limit":
    "The bank has to see this money before it can be paid on. Connect to the internet and sync.",
  "wrong-amount": "The amount is not the one that was asked for. Pay exactly that.",
  "insufficient-funds": "There is not enough money ready to pay. Load more, or pay less.",
  "too-many-coins":
    "The amount takes too much small change. Pay in two payments, or pay it into your account and load again.",
  "already-paid":
    "This request has been paid already. The money goes back: let the payer scan the code below.",
  "not-refundable":
    "This payment cannot be paid back here: only the device that paid gets it back, from the device it paid.",
  "over-refund": "More would go back than was paid. Ask for what is left of it.",
  "refunds-only":
    "A till pays money back and nothing else. Pay its money into the account, and pay with another device.",
  "pin-needed": "This needs the PIN first. Enter it, then try again.",
  "wrong-pin": "The PIN is wrong. Try again: after a few wrong ones it is blocked.",
  "pin-blocked":
    "The PIN is blocked after too many wrong tries. Enter the PUK that came with it, and choose a new PIN.",
  "puk-blocked":
    "The PUK is blocked, too. Call the bank: it blocks this device and returns what is left on it.",
  "second-factor-needed":
    "This payment needs a code. Have it shown on your second device or said by your bank, and enter it.",
  "wrong-second-factor":
    "The code is not for this payment, or its minute is over. Have a new one made: after a few wrong ones no more are taken.",
  "second-factor-blocked":
    "Too many wrong codes were entered. Pay less, or ask your bank to set the code up anew.",
  "second-factor-waiting":
    "Your bank has changed how high payments are confirmed. Connect to the internet, sync, and try again.",
  "sync-needed":
    "The bank has to hear of earlier payments first. Connect to the internet, sync, and try again.",
  "false-receipt": "No bank vouches for this money. Do not accept it.",
  "wrong-credentials":
    "The identity or the payment password is wrong. After five wrong tries the bank locks online payments.",
  "wrong-code": "This is not the code for this payment, or it came too late. Ask for another.",
  "over-online-limit":
    "This is more than the limit you have set for online payments. Pay less, or raise the limit.",
  "wrong-claim":
    "There is no money under this code and password. Check both; money that was sent just now takes a while.",
  "code-locked":
    "The code is locked after five wrong tries. Take it to a counter of the bank where the money waits.",
  "claim-spent": "This money was claimed before. If it was not you, ask whoever sent it.",
  "claim-expired": "Nobody claimed this money in time: it goes back to whoever sent it.",
  unauthorised:
    "The bank does not know this code or this device. Check the code, or ask the bank for a new one.",
  forbidden:
    "The bank does not allow this. Use the code and the name exactly as the bank gave them, or call the bank.",
  "not-granted": callBank,
  "not-found": "The bank does not know of this yet. Try again later.",
  conflict: "Something else is under way. Finish that first, then try again.",
  "stale-request": "The time of this device is out of date. Sync and try again.",
  busy: "The bank is busy. Nothing is lost: try again in a moment.",
  "rate-limited":
    "This device asks the bank too often. Nothing is lost: wait a moment, then try again.",
  unavailable:
    "The bank cannot be reached. What you have done is kept: try again when the network is back.",
  "bad-configuration": callBank,
  "exposed-key": callBank,
  "lost-history": callBank,
  "wrong-network": "This belongs to another network. Use the page of your own bank.",
  "wrong-folder":
    "The money kept here belongs to another device. Call the bank and have this one replaced.",
  "store-moved": callBank,
  "in-use": "It is open in another window already. Close that, then try again.",
};
