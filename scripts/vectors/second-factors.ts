/** The bank's words on second factors, and the codes that are made with their secrets. */
import { toHex } from "../../protocol/bytes.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { NOBODY, type Owner } from "../../protocol/key.ts";
import { payeeNumber, secondFactorCode, windowOf } from "../../protocol/second-factor-code.ts";
import {
  checkSecondFactorGrantSignature,
  decodeSecondFactorGrant,
  openSecret,
  sealSecret,
  type SecondFactorTerms,
  type SignedSecondFactorGrant,
  signSecondFactorGrant,
} from "../../protocol/second-factor-grant.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key, networkId, random } from "./keys.ts";
import { issuers, now, payee, payer } from "./parties.ts";
import { bad, badLengths, fieldsOf, patch, type Vectors } from "./vector.ts";

/** What the keeper makes for one answer. */
const reader = sealingKeyOf(key("second factor reader").privateKey);
const secret = bytes("second factor secret", 32);
const terms: SecondFactorTerms = {
  member: 1,
  version: 1,
  issued: now,
  device: payer.publicKey,
  keeper: payer.publicKey,
  from: 10_000n,
};

export async function secondFactorGrants(): Promise<Vectors> {
  const own = await grant(terms);
  const lifted = await grant({ ...terms, version: 3, from: 0n });
  const check = (input: Uint8Array) =>
    checkSecondFactorGrantSignature(
      networkId,
      decodeSecondFactorGrant(input),
      issuers[0].publicKey,
      portableVerifier,
    );
  return {
    good: [
      await goodGrant("a purse's own", own),
      await goodGrant(
        "for the device that shows codes",
        await grant({ ...terms, version: 2, keeper: payee.publicKey }),
      ),
      await goodGrant("taken off", lifted),
    ],
    bad: [
      ...badLengths(own.bytes, decodeSecondFactorGrant),
      bad("version 0", patch(own.bytes, 5, 0), decodeSecondFactorGrant),
      bad("a time of 2^53", patch(own.bytes, 6, 0, 0x20), decodeSecondFactorGrant),
      bad("a device key of no such form", patch(own.bytes, 14, 4), decodeSecondFactorGrant),
      bad("a keeper of no such form", patch(own.bytes, 47, 4), decodeSecondFactorGrant),
      bad("taken off, with a secret", patch(own.bytes, 86, 0, 0), decodeSecondFactorGrant),
      bad("granted, without one", patch(lifted.bytes, 87, 1), decodeSecondFactorGrant),
      bad("another amount", patch(own.bytes, 86, 0x26), check),
      bad("another member", patch(own.bytes, 1, 2), check),
    ],
  };
}

export function secondFactorCodes() {
  const payees: readonly [Owner, bigint][] = [
    [payee.owner, 45_000n],
    [payee.owner, 45_001n],
    [payer.owner, 45_000n],
    [NOBODY, 2n ** 64n - 1n],
  ];
  return payees.map(([owner, amount]) => {
    const number = payeeNumber(owner);
    const window = windowOf(now);
    const code = secondFactorCode(networkId, secret, { amount, payee: number }, window);
    const asked = { secret: toHex(secret), amount: String(amount), owner, time: now };
    return { ...asked, expected: { payee: number, window, code } };
  });
}

/** A grant as the bank makes it: its secret is sealed with fresh randomness, here with that of its version. */
export async function grant(
  fields: SecondFactorTerms,
  issuer = issuers[0],
): Promise<SignedSecondFactorGrant> {
  const drawn = random(`second factor ${fields.version}`);
  const sealed =
    fields.from === 0n
      ? undefined
      : await sealSecret(networkId, fields, secret, reader.publicKey, drawn);
  return signSecondFactorGrant(networkId, { ...fields, sealed }, issuer);
}

/** With the key that opens it, and what is inside. */
async function goodGrant(name: string, signed: SignedSecondFactorGrant) {
  const isOpen = signed.sealed !== undefined;
  const inside = isOpen ? toHex(await openSecret(networkId, signed, reader)) : undefined;
  const expected = fieldsOf(signed) as object;
  const opened = isOpen ? { reader: toHex(reader.privateKey), secret: inside } : {};
  return { name, bytes: toHex(signed.bytes), expected: { ...expected, ...opened } };
}
