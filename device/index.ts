/**
 * The package's face: what a wallet, a card or a terminal is built from, in browsers and on Node. Everything
 * else in the package may change between versions. Inside this repository files import each other, never this.
 */
export { enrol, type Load, load, planLoad, redeem } from "./account.ts";
export { type AlarmLink, MemoryLan } from "./alarm/alarm-link.ts";
export { Alarm, type AlarmOptions, type AlarmParts, receiveAtTill } from "./alarm/alarm.ts";
export { Courier, type CourierParts, type Delivery } from "./courier/courier.ts";
export { HttpParcelGateway, type ParcelGateway } from "./courier/parcel-gateway.ts";
export { type Intake, Sender, type SenderParts } from "./courier/sender.ts";
export { suggestParts } from "./denominations.ts";
export {
  collect,
  collectGivingChange,
  collectRefund,
  payOver,
  payTakingChange,
  type Sale,
} from "./exchange.ts";
export {
  askGateway,
  type GatewayClient,
  HttpGatewayClient,
  type HttpGatewayOptions,
} from "./gateway-client.ts";
export type { HistoryEntry, HistoryState } from "./history.ts";
export type { PurseParts } from "./holder.ts";
export type { Identity } from "./identity.ts";
export type { News } from "./news.ts";
export type { OfflineLimits } from "./offline-limits.ts";
export type { Received } from "./payee.ts";
export type { PendingRecord } from "./pending-store.ts";
export type { PinPad, PinStatus } from "./pin-pad.ts";
export { Purse, type Question } from "./purse.ts";
export type { Balance, HeldCoin } from "./purse-state.ts";
export { MemoryPurseStore, type PurseStore, type StoreChange } from "./purse-store.ts";
export type {
  SecondFactorPad,
  SecondFactorStatus,
  ShownCode,
  ShownDevice,
  ToConfirm,
} from "./second-factor-pad.ts";
export { sync, syncLists, syncReceipts, type SyncReport } from "./sync.ts";
export { memoryTransports, type Transport } from "./transport.ts";

export { concat, fromHex, type Hex, toHex } from "../protocol/bytes.ts";
export type { CarriedList, ListKind } from "../protocol/carried-lists.ts";
export {
  type Certificate,
  decodeCertificate,
  type DeviceClass,
  type SignedCertificate,
} from "../protocol/certificate.ts";
export { decodeConfirmation, type SignedConfirmation } from "../protocol/confirmation.ts";
export type { PlaceCode } from "../protocol/emergency-profile.ts";
export { NOBODY, type Owner, ownerOf } from "../protocol/key.ts";
export { limits } from "../protocol/limits.ts";
export {
  type Amount,
  type Currency,
  formatAmount,
  parseAmount,
  parseMinorUnits,
} from "../protocol/money.ts";
export { type NetworkFile, parseNetworkFile } from "../protocol/network-file.ts";
export type { MemberId, Outpoint, Output } from "../protocol/output.ts";
export { type Random, systemRandom } from "../protocol/random.ts";
export { decodeReceipt, type Receipt, type SignedReceipt } from "../protocol/receipt.ts";
export { recordId, type SignedRecord } from "../protocol/record.ts";
export {
  formatReference,
  isPayingBack,
  parseReference,
  type PayingBack,
  type Reference,
} from "../protocol/reference.ts";
export {
  isRefusal,
  isRefusalCode,
  Refusal,
  type RefusalCode,
  refusalCodes,
} from "../protocol/refusal.ts";
export { decodeRequest, type SignedRequest } from "../protocol/request.ts";
export {
  fromDer,
  normaliseSignature,
  portableVerifier,
  type Signer,
  type Verifier,
} from "../protocol/signature.ts";
export {
  type Confirmed,
  formatPayeeNumber,
  parsePayeeNumber,
  type PayeeNumber,
  payeeNumber,
} from "../protocol/second-factor-code.ts";
export { formatShortCode } from "../protocol/short-code.ts";
export { decodeShowing, type SignedShowing } from "../protocol/showing.ts";
export { decodeStatement, type SignedStatement } from "../protocol/statement.ts";
