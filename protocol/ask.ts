/**
 * What a device asks of a gateway, by kind: the payload of a request. Shapes only; whether a gateway grants
 * it is the bank's policy.
 *
 *     enrol     consent 64 | class u8 | label length u8 + at most 32 | credential length u16 + at most 1,024
 *     certify   nothing
 *     load      id 16 | amount u64 | count u8, at most 16, × part u64
 *     redeem    record
 *     submit    count u16, 1 to 4,096, × (length u32 | leaf)
 *     status    count u16, 1 to 1,024, × record id 32
 *     receipts  count u16, at most 1,024, × outpoint 33, ascending; none asks for all
 *     lists     count u8, at most 16, × (member u16 | version u32), ascending
 *     claim     code 10 | password length u8 + at most 64
 *     second-factors  key 33 | count u8, at most 16, × (device 33 | version u32), ascending
 */
import { fromHex, type Hex, type Reader, toHex, utf8, type Writer } from "./bytes.ts";
import { type DeviceClass, deviceClasses, readDeviceClass } from "./certificate.ts";
import { CODE_LENGTH } from "./claim-code.ts";
import type { RequestKind } from "./gateway-messages.ts";
import { KEY_LENGTH, readKey, readKeyOnCurve } from "./key.ts";
import { readLeaves, writeLeaves } from "./leaf-list.ts";
import { limits } from "./limits.ts";
import { type ListVersion, readListVersions, writeListVersions } from "./list-version.ts";
import type { Amount } from "./money.ts";
import { type Outpoint, readOutpoint, writeOutpoint } from "./output.ts";
import { readRecord, type SignedRecord } from "./record.ts";
import { SIGNATURE_LENGTH } from "./signature.ts";

export const LOAD_ID_LENGTH = 16;

export type EnrolAsk = {
  readonly kind: "enrol";
  /** The device key's signature over message("consent", member). */
  readonly consent: Uint8Array;
  /** What keeps the key, as the device says; the member certifies what it knows. */
  readonly class: DeviceClass;
  /** What payers' screens are to show; empty for persons. At most 32 bytes of UTF-8. */
  readonly label: string;
  /** What the bank gave its customer to be known by again, once: at most 1,024 bytes. */
  readonly credential: Uint8Array;
};

export type CertifyAsk = { readonly kind: "certify" };

export type LoadAsk = {
  readonly kind: "load";
  /** 16 random bytes by which the load is told from others: asked again, it is the same load. */
  readonly id: Uint8Array;
  readonly amount: Amount;
  /** The coins it is to come in, at most 16, which make up the amount; none leaves it to the bank. */
  readonly parts: readonly Amount[];
};

export type RedeemAsk = {
  readonly kind: "redeem";
  /** A spend whose outputs to the member's treasury key are what is redeemed. */
  readonly record: SignedRecord;
};

export type SubmitAsk = {
  readonly kind: "submit";
  /** 1 to 4,096, parents first, each as it travels: who takes them in decodes them one by one. */
  readonly leaves: readonly Uint8Array[];
};

export type StatusAsk = { readonly kind: "status"; readonly ids: readonly Hex[] };

export type ReceiptsAsk = {
  readonly kind: "receipts";
  /** Strictly ascending. None asks for the coins that the device has: the largest 1,024 of them. */
  readonly outpoints: readonly Outpoint[];
};

export type ListsAsk = {
  readonly kind: "lists";
  /** What the device holds, ascending by member; member 0 is the trust list. */
  readonly versions: readonly ListVersion[];
};

export type ClaimAsk = {
  readonly kind: "claim";
  /** 10 bytes (claim-code.ts). */
  readonly code: Uint8Array;
  /** As it was set for the payee: at most 64 bytes of UTF-8. */
  readonly password: string;
};

/** Which word of the bank's on a device's second factor is kept. */
export type KeptSecondFactor = { readonly device: Hex; readonly version: number };

export type SecondFactorsAsk = {
  readonly kind: "second-factors";
  /** What secrets are to be sealed to: made by the purse for this question alone. */
  readonly key: Uint8Array;
  /** Ascending by device: the asker's own, and those it shows codes for. */
  readonly kept: readonly KeptSecondFactor[];
};

export type Ask =
  | EnrolAsk
  | CertifyAsk
  | LoadAsk
  | RedeemAsk
  | SubmitAsk
  | StatusAsk
  | ReceiptsAsk
  | ListsAsk
  | ClaimAsk
  | SecondFactorsAsk;

export function writeAsk(writer: Writer, ask: Ask): void {
  switch (ask.kind) {
    case "enrol":
      writer.fixed(ask.consent, SIGNATURE_LENGTH).u8(deviceClasses[ask.class]);
      writer.short(utf8.encode(ask.label)).long(ask.credential);
      return;
    case "certify":
      return;
    case "load":
      writer.fixed(ask.id, LOAD_ID_LENGTH).u64(ask.amount).u8(ask.parts.length);
      for (const part of ask.parts) writer.u64(part);
      return;
    case "redeem":
      writer.put(ask.record.bytes);
      return;
    case "submit":
      writeLeaves(writer, ask.leaves);
      return;
    case "status":
      writer.u16(ask.ids.length);
      for (const id of ask.ids) writer.fixed(fromHex(id), 32);
      return;
    case "receipts":
      writer.u16(ask.outpoints.length);
      for (const outpoint of ask.outpoints) writeOutpoint(writer, outpoint);
      return;
    case "lists":
      writeListVersions(writer, ask.versions);
      return;
    case "claim":
      writer.fixed(ask.code, CODE_LENGTH).short(utf8.encode(ask.password));
      return;
    case "second-factors":
      writer.fixed(ask.key, KEY_LENGTH).u8(ask.kept.length);
      for (const { device, version } of ask.kept) writer.hex(device, KEY_LENGTH).u32(version);
      return;
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function readAsk(reader: Reader, kind: RequestKind): Ask {
  switch (kind) {
    case "enrol":
      return {
        kind,
        consent: reader.take(SIGNATURE_LENGTH, "consent"),
        class: readDeviceClass(reader),
        label: reader.text(limits.labelMax, "label"),
        credential: reader.long(limits.credentialMax, "credential"),
      };
    case "certify":
      return { kind };
    case "load":
      return readLoad(reader);
    case "redeem":
      return { kind, record: readRecord(reader) };
    case "submit":
      return { kind, leaves: readLeaves(reader) };
    case "status":
      return { kind, ids: readIds(reader) };
    case "receipts":
      return { kind, outpoints: readOutpoints(reader) };
    case "lists":
      return { kind, versions: readListVersions(reader) };
    case "claim":
      return {
        kind,
        code: reader.take(CODE_LENGTH, "code"),
        password: reader.text(limits.passwordMax, "password"),
      };
    case "second-factors":
      return { kind, key: readKeyOnCurve(reader, "key"), kept: readKept(reader) };
  }
}

function readLoad(reader: Reader): LoadAsk {
  const id = reader.take(LOAD_ID_LENGTH, "id");
  const amount = reader.u64("amount");
  if (amount === 0n) throw reader.refuse("a load is of nothing", "amount", 8);
  const start = reader.offset;
  const count = reader.count(1, 0, limits.loadPartsMax, "parts");
  const parts: Amount[] = [];
  for (let i = 0; i < count; i++) {
    const part = reader.u64(`parts[${i}]`);
    if (part === 0n) throw reader.refuse("a part is of nothing", `parts[${i}]`, 8);
    parts.push(part);
  }
  if (count > 0 && parts.reduce((sum, part) => sum + part) !== amount) {
    throw reader.refuse("the parts do not make up the amount", "parts", reader.offset - start);
  }
  return { kind: "load", id, amount, parts };
}

function readIds(reader: Reader): Hex[] {
  const count = reader.count(2, 1, limits.askedMax, "ids");
  const ids: Hex[] = [];
  for (let i = 0; i < count; i++) ids.push(toHex(reader.take(32, `ids[${i}]`)));
  return ids;
}

function readOutpoints(reader: Reader): Outpoint[] {
  const count = reader.count(2, 0, limits.askedMax, "outpoints");
  const outpoints: Outpoint[] = [];
  for (let i = 0; i < count; i++) {
    const outpoint = readOutpoint(reader, `outpoints[${i}]`);
    if (i > 0 && outpoint <= outpoints[i - 1]!) {
      throw reader.refuse("outpoints are not ascending", `outpoints[${i}]`, 33);
    }
    outpoints.push(outpoint);
  }
  return outpoints;
}

function readKept(reader: Reader): KeptSecondFactor[] {
  const count = reader.count(1, 0, limits.secondFactorsMax, "kept");
  const kept: KeptSecondFactor[] = [];
  for (let i = 0; i < count; i++) {
    const device = toHex(readKey(reader, `kept[${i}].device`));
    if (i > 0 && device <= kept[i - 1]!.device) {
      throw reader.refuse("devices are not ascending", `kept[${i}].device`, KEY_LENGTH);
    }
    kept.push({ device, version: reader.u32(`kept[${i}].version`) });
  }
  return kept;
}
