/**
 * What is signed and what is hashed. Each structure has a name of its own and every message carries
 * the network's id, so that no signature or id of one structure or network is good in another.
 */
import { sha256 } from "#sha256";
import { concat, type Hex, toHex, utf8, Writer } from "./bytes.ts";
import { Draft } from "./draft.ts";
import { hashParts } from "./hash-parts.ts";

/** The structures that are signed or hashed, by the name in their tag. */
export const messageNames = [
  "record",
  "enrolment",
  "consent",
  "envelope",
  "certificate",
  "receipt",
  "replacement",
  "request",
  "confirmation",
  "revocations",
  "trust",
  "emergency",
  "request-gateway",
  "intake",
  "parcel",
  "parcel-answer",
  "alarm",
  "acknowledgement",
  "applied",
  "ceremony",
  "commitments",
  "pledge",
  "share",
  "deal",
  "possession",
  "verdict",
  "disclosure",
  "subject",
  "disclosure-answer",
  "code",
  "order",
  "refund",
  "authorization",
  "second-factor",
  "second-factor-grant",
  "result",
  "showing",
] as const;

export type MessageName = (typeof messageNames)[number];

const tags = new Map<MessageName, Uint8Array>(
  messageNames.map((name) => [name, sha256(utf8.encode(`tallystick/${name}/v1`))]),
);

/** The largest record behind its tag and its network fits. */
const draft = new Draft(2048);

/** tag(name) ‖ networkId ‖ body: the bytes that are signed. */
export function message(name: MessageName, networkId: Uint8Array, body: Uint8Array): Uint8Array {
  return concat(tags.get(name)!, networkId, body);
}

/** As `message`, for whoever verifies it at once: good until the next call. */
export function passingMessage(
  name: MessageName,
  networkId: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  return draft.join(tags.get(name)!, networkId, body);
}

/** SHA-256 of the message: 32 bytes. */
export function digest(name: MessageName, networkId: Uint8Array, body: Uint8Array): Uint8Array {
  return hashParts(tags.get(name)!, networkId, body);
}

/**
 * The id of a network: SHA-256("tallystick/network/v1" ‖ chainId u64 ‖ registry 20 ‖ anchor 32).
 * @param registry address of the MemberRegistry's proxy.
 * @param anchor hash of the block before the one that initialised it.
 */
export function networkIdOf(chainId: bigint, registry: Uint8Array, anchor: Uint8Array): Hex {
  const place = new Writer(60).u64(chainId).fixed(registry, 20).fixed(anchor, 32).done();
  return toHex(sha256(concat(utf8.encode("tallystick/network/v1"), place)));
}
