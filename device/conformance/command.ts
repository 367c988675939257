/**
 * What the kit says to an implementation and what it hears: one JSON object a line, a command and its
 * answer by turns. Bytes are 0x and lower-case hexadecimal, amounts decimal strings of minor units.
 *
 *     {"id":7,"command":"request","amount":"1250","reference":"till 4"}
 *     {"id":7,"answer":{"message":"0x01…"}}
 *     {"id":8,"command":"pay","message":"0x01…","cutAt":2}
 *     {"id":8,"refusal":{"code":"over-payment-limit","detail":"1250 is not below 1000"}}
 */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { type CarriedList, listKinds } from "../../protocol/carried-lists.ts";
import { deviceClasses } from "../../protocol/certificate.ts";
import {
  bad,
  end,
  fieldsOf,
  integer,
  list,
  type Parse,
  parseJson,
  take,
  text,
} from "../../protocol/json-fields.ts";
import { limits } from "../../protocol/limits.ts";
import { type Amount, parseMinorUnits } from "../../protocol/money.ts";
import { isRefusalCode, type RefusalCode } from "../../protocol/refusal.ts";
import { flag, object, type Of, oneOf, optional, type Shape, takeAll } from "./shape.ts";

/** The version of these commands, and that of the package they come with. */
export const KIT_PROTOCOL = 1;
export const KIT_VERSION = "0.1.0";

/** As many as a gateway sends at most, and none at all: the kit hands over what is no message too. */
const bytes: Parse<Uint8Array> = (value, field) =>
  fromHex(text(2 + 2 * limits.gatewayAnswerMax)(value, field), undefined, field);

const digits = text(12);

const amount: Parse<Amount> = (value, field) => parseMinorUnits(text(20)(value, field));

const carriedList: Parse<CarriedList> = object({
  kind: oneOf(Object.keys(listKinds) as (keyof typeof listKinds)[]),
  bytes,
});

const refusal = object({
  code: (value, field): RefusalCode => {
    const code = text(32)(value, field);
    if (!isRefusalCode(code)) throw bad(field, `is no code of the table: ${JSON.stringify(code)}`);
    return code;
  },
  detail: text(1000),
});

/** A refusal as an implementation tells it. */
export type ToldRefusal = ReturnType<typeof refusal>;

/** What a device may have or not have: of what it has not, nothing is tried. */
export const extras = ["pin", "codes", "second-factor", "parcels", "alarm"] as const;
export type Extra = (typeof extras)[number];

/** Every command: what it is given, and what is answered. */
export const commands = {
  /** What is at the other end. `cuts`: whether it takes `cutAt`; `extras`: what else it has, nothing if it is absent. */
  hello: {
    given: {},
    answered: {
      protocol: integer(1),
      name: text(64),
      version: text(64),
      class: oneOf(Object.keys(deviceClasses) as (keyof typeof deviceClasses)[]),
      cuts: flag,
      extras: optional(list(oneOf(extras), 0, extras.length)),
    },
  },
  /** Becomes another device: a new key, an empty purse, nothing of before. */
  personalise: {
    given: {
      networkId: bytes,
      member: integer(1, 0xffff),
      trustKey: bytes,
      receiptLifeMs: integer(1),
      /** Where the device is to think it is. */
      place: text(limits.placeMax),
    },
    answered: { deviceKey: bytes },
  },
  /** Takes what a gateway renews: lists, then the certificate, then receipts. */
  refresh: {
    given: {
      lists: list(carriedList, 0, limits.answeredListsMax),
      certificate: optional(bytes),
      receipts: list(bytes, 0, limits.askedMax),
    },
    answered: {},
  },
  /** Message 1. */
  request: {
    given: { amount, reference: text(limits.referenceMax) },
    answered: { message: bytes },
  },
  /** Message 2 to a message 1. */
  pay: { given: { message: bytes }, answered: { message: bytes } },
  /**
   * Message 3 to a message 2: what came in, 0 if nothing did; where it was returned or is invalid, why. What
   * gets no message 3 at all is a refusal.
   */
  receive: {
    given: { message: bytes },
    answered: { message: bytes, amount, refusal: optional(refusal) },
  },
  /** Takes message 3. */
  confirm: { given: { message: bytes }, answered: {} },
  /** What the holder sees, in minor units. */
  balance: { given: {}, answered: { spendable: amount, frozen: amount, waiting: amount } },
  /** The records that are not known to have applied, parents first. */
  pending: { given: {}, answered: { records: list(bytes, 0, 4096) } },
  /** Takes a statement that a record has applied. */
  settled: { given: { statement: bytes }, answered: {} },
  /** `pin`: gives the device a PIN, which it has not, and the code that sets another. */
  setPin: { given: { pin: digits, unblockingCode: digits }, answered: {} },
  /** `pin`: the holder enters the PIN, and money may leave. */
  enterPin: { given: { pin: digits }, answered: {} },
  /** `pin`: the holder sets another PIN by the unblocking code. */
  unblock: { given: { unblockingCode: digits, pin: digits }, answered: {} },
  /** `codes`: pays whoever has the code and the password, at a gateway of the custodian. */
  payCode: {
    given: { amount, password: text(limits.passwordMax), custodian: integer(1, 0xffff) },
    answered: { code: text(32) },
  },
  /** `second-factor`: the signed question for the bank's words, with a key for the answer to it alone. */
  askSecondFactors: { given: {}, answered: { request: bytes } },
  /** `second-factor`: takes grants that answer the last question. */
  takeSecondFactors: {
    given: { grants: list(bytes, 0, limits.secondFactorsMax) },
    answered: {},
  },
  /** `second-factor`: the holder enters the code for a payment; `payee`: whom it pays, nobody's 20 zeros for a claim code. */
  enterSecondFactor: { given: { amount, payee: bytes, code: digits }, answered: {} },
  /** `parcels`: what the device has to say to its own member, sealed to that member's intake key. */
  sealParcels: { given: { intakeKey: bytes }, answered: { parcels: list(bytes, 0, 64) } },
  /** `parcels`: takes an answer; whether it is to a parcel that waits for one. */
  takeAnswer: { given: { answer: bytes }, answered: { isTaken: flag } },
  /** `alarm`: hears from another till of the shop that a record has taken a coin. */
  hearTaken: { given: { outpoint: bytes, record: bytes }, answered: {} },
} as const satisfies Record<string, { readonly given: Shape; readonly answered: Shape }>;

type Commands = typeof commands;

export type CommandName = keyof Commands;
export type Given<N extends CommandName> = Of<Commands[N]["given"]>;
export type Answered<N extends CommandName> = Of<Commands[N]["answered"]>;

/** A command with what it is given. */
export type Command = {
  readonly [N in CommandName]: { readonly name: N; readonly given: Given<N> };
}[CommandName] & {
  readonly id: number;
  /** The moment at which the power goes, counted from 0: before and after each durable write of the command. */
  readonly cutAt?: number | undefined;
};

export type Reply<N extends CommandName> =
  | { readonly answer: Answered<N> }
  | { readonly refusal: ToldRefusal };

export function formatCommand({ id, name, given, cutAt }: Command): string {
  return JSON.stringify({ id, command: name, ...(plain(given) as object), cutAt });
}

/** @throws Refusal `malformed` naming the field. */
export function parseCommand(line: string): Command {
  const fields = fieldsOf(parseJson(line, "command"), "command");
  const id = take(fields, "id", integer(0));
  const name = take(fields, "command", oneOf(Object.keys(commands) as CommandName[]));
  const cutAt = take(fields, "cutAt", optional(integer(0)));
  const given = takeAll(fields, commands[name].given, "");
  end(fields, "command");
  return { id, name, given, cutAt } as Command;
}

/** @param reply of the implementation, to the command of this id. */
export function formatReply(id: number, reply: Reply<CommandName>): string {
  return JSON.stringify({ id, ...(plain(reply) as object) });
}

/** @throws Refusal `malformed` naming the field. */
export function parseReply<N extends CommandName>(id: number, name: N, line: string): Reply<N> {
  const fields = fieldsOf(parseJson(line, "reply"), "reply");
  const answered = take(fields, "id", integer(0));
  if (answered !== id) throw bad("id", `is ${answered}, where ${id} was asked`);
  const isRefused = fields["refusal"] !== undefined;
  const shape: Shape = commands[name].answered;
  const reply = isRefused
    ? { refusal: take(fields, "refusal", refusal) }
    : { answer: take(fields, "answer", object(shape)) as Answered<N> };
  end(fields, "reply");
  return reply;
}

/** As JSON carries it. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value) satisfies Hex;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
