/**
 * The emergency profile: the authority raises or lowers what devices may do offline, in some places and for
 * some time. It spreads from device to device as the other lists do, and ends by itself.
 *
 *     version u32 | issued u64 | notBefore u64 | notAfter u64
 *     | payment u16 | count u16 | balance u16 | depth u16
 *     | count u8, at most 16, × (length u8 + at most 24 bytes), ascending
 *     | signature 64 by the trust key over message("emergency", all before)
 *
 * A factor is in percent of the limit that a certificate sets: 100 leaves it as it is. The bounds keep a
 * profile within the 512 bytes that ride in a handshake.
 */
import { Reader, utf8, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";
import { readSignature, type Signed } from "./lists.ts";
import { message } from "./message.ts";
import { Refusal } from "./refusal.ts";
import { type Signer, SIGNATURE_LENGTH, type Verifier } from "./signature.ts";

/**
 * Where devices are: capital letters, digits and hyphens. It begins with the codes of the larger places it
 * lies in, as in ISO 3166-2: CN, CN-31.
 */
export type PlaceCode = string;

/** Percent of what certificates allow, each 0 to 65,535. */
export type LimitFactors = {
  readonly payment: number;
  readonly count: number;
  readonly balance: number;
  readonly depth: number;
};

export type EmergencyProfile = {
  /** Higher replaces lower. */
  readonly version: number;
  /** Milliseconds: signed time. In force from notBefore on and before notAfter. */
  readonly issued: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly factors: LimitFactors;
  /** Strictly ascending. None is everywhere. */
  readonly places: readonly PlaceCode[];
};

export type SignedEmergencyProfile = Signed<EmergencyProfile>;

/** Whether a profile is for a device there: in one of its places, or in a place that lies in one. */
export function isForPlace({ places }: EmergencyProfile, there: PlaceCode): boolean {
  return (
    places.length === 0 || places.some((place) => place === there || there.startsWith(`${place}-`))
  );
}

/** Signs with the trust key that devices know by now. @throws Refusal if the fields break the format. */
export async function signEmergencyProfile(
  networkId: Uint8Array,
  profile: EmergencyProfile,
  authority: Signer,
): Promise<SignedEmergencyProfile> {
  const { payment, count, balance, depth } = profile.factors;
  const writer = new Writer(limits.listInHandshakeMax)
    .u32(profile.version)
    .safe(profile.issued)
    .safe(profile.notBefore)
    .safe(profile.notAfter);
  for (const factor of [payment, count, balance, depth]) writer.u16(factor);
  writer.u8(profile.places.length);
  for (const place of profile.places) writer.short(utf8.encode(place));
  const signature = await authority.sign(message("emergency", networkId, writer.done()));
  return decodeEmergencyProfile(writer.fixed(signature, SIGNATURE_LENGTH).done());
}

/** Whether the trust key signed it. @throws Refusal `bad-signature`. */
export function checkEmergencyProfileSignature(
  networkId: Uint8Array,
  profile: SignedEmergencyProfile,
  trustKey: Uint8Array,
  verifier: Verifier,
): void {
  const signed = message("emergency", networkId, profile.body);
  if (!verifier.verify(trustKey, signed, profile.signature)) {
    throw new Refusal(
      "bad-signature",
      "the emergency profile is not signed by the trust key known here",
    );
  }
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeEmergencyProfile(bytes: Uint8Array): SignedEmergencyProfile {
  const reader = new Reader(bytes);
  const version = reader.u32("version");
  const issued = reader.safe("issued");
  const notBefore = reader.safe("notBefore");
  const notAfter = reader.safe("notAfter");
  if (notAfter <= Math.max(issued, notBefore)) {
    throw reader.refuse("the profile ends before it is issued or begins", "notAfter", 8);
  }
  const factors = {
    payment: reader.u16("payment"),
    count: reader.u16("count"),
    balance: reader.u16("balance"),
    depth: reader.u16("depth"),
  };
  const places = readPlaces(reader);
  const signed = readSignature(reader, "emergency profile");
  return { version, issued, notBefore, notAfter, factors, places, ...signed };
}

function readPlaces(reader: Reader): PlaceCode[] {
  const count = reader.count(1, 0, limits.profilePlacesMax, "places");
  const places: PlaceCode[] = [];
  for (let i = 0; i < count; i++) {
    const field = `places[${i}]`;
    const start = reader.offset;
    const place = reader.text(limits.placeMax, field);
    const back = reader.offset - start;
    if (!/^[A-Z0-9]+(-[A-Z0-9]+)*$/.test(place)) {
      throw reader.refuse("a place is capital letters, digits and hyphens", field, back);
    }
    if (i > 0 && place <= places[i - 1]!) {
      throw reader.refuse("places are not ascending", field, back);
    }
    places.push(place);
  }
  return places;
}
