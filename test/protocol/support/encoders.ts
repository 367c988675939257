/**
 * Encoders of what only its signer makes: from the fields alone, with the signature that the fields carry.
 * With them a test sees whether what a decoder took is what an encoder would have written.
 */
import { type Deal, signDeal } from "../../../protocol/audit/deal.ts";
import { type Pledge, signPledge } from "../../../protocol/audit/pledge.ts";
import { signVerdict, type Verdict } from "../../../protocol/audit/verdict.ts";
import { type Certificate, signCertificate } from "../../../protocol/certificate.ts";
import { type Confirmation, signConfirmation } from "../../../protocol/confirmation.ts";
import { type DeviceRequest, signDeviceRequest } from "../../../protocol/device-request.ts";
import {
  type EmergencyProfile,
  signEmergencyProfile,
} from "../../../protocol/emergency-profile.ts";
import {
  type RevocationList,
  signRevocationList,
  signTrustList,
  type TrustList,
} from "../../../protocol/lists.ts";
import { type PaymentOrder, signPaymentOrder } from "../../../protocol/payment-order.ts";
import { type Receipt, signReceipt } from "../../../protocol/receipt.ts";
import { type Request, signRequest } from "../../../protocol/request.ts";
import {
  type SecondFactorGrant,
  signSecondFactorGrant,
} from "../../../protocol/second-factor-grant.ts";
import { type Showing, signShowing } from "../../../protocol/showing.ts";
import type { Signer } from "../../../protocol/signature.ts";
import { networkId } from "./vectors.ts";

/** Fields with the signature that stands under them. */
export type With<Fields> = Fields & { readonly signature: Uint8Array };

export async function encodeCertificate(value: With<Certificate>): Promise<Uint8Array> {
  return (await signCertificate(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeReceipt(value: With<Receipt>): Promise<Uint8Array> {
  return (await signReceipt(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeRevocationList(value: With<RevocationList>): Promise<Uint8Array> {
  return (await signRevocationList(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeTrustList(value: With<TrustList>): Promise<Uint8Array> {
  return (await signTrustList(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeEmergencyProfile(value: With<EmergencyProfile>): Promise<Uint8Array> {
  return (await signEmergencyProfile(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeRequest(value: With<Request>): Promise<Uint8Array> {
  return (await signRequest(networkId, value, carrying(value.signature))).bytes;
}

export async function encodePaymentOrder(value: With<PaymentOrder>): Promise<Uint8Array> {
  return (await signPaymentOrder(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeConfirmation(value: With<Confirmation>): Promise<Uint8Array> {
  return (await signConfirmation(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeDeviceRequest(value: With<DeviceRequest>): Promise<Uint8Array> {
  const device = carrying(value.signature, value.deviceKey);
  return (await signDeviceRequest(networkId, value, device)).bytes;
}

export async function encodeShowing(value: With<Showing>): Promise<Uint8Array> {
  const party = carrying(value.signature, value.deviceKey);
  return (await signShowing(networkId, value, party)).bytes;
}

export async function encodeSecondFactorGrant(value: With<SecondFactorGrant>): Promise<Uint8Array> {
  return (await signSecondFactorGrant(networkId, value, carrying(value.signature))).bytes;
}

export async function encodePledge(value: With<Pledge>): Promise<Uint8Array> {
  return (await signPledge(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeDeal(value: With<Deal>): Promise<Uint8Array> {
  return (await signDeal(networkId, value, carrying(value.signature))).bytes;
}

export async function encodeVerdict(value: With<Verdict>): Promise<Uint8Array> {
  return (await signVerdict(networkId, value, carrying(value.signature))).bytes;
}

/** A signer that gives one signature, whatever it is asked to sign. */
function carrying(signature: Uint8Array, publicKey: Uint8Array = new Uint8Array(33)): Signer {
  return { publicKey, sign: async () => signature };
}
