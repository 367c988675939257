/** Any structure of any format within its bounds, as its encoder takes it. Signatures are any 64 bytes. */
import fc from "fast-check";
import { type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import type { AlarmMessage, Taking } from "../../../protocol/alarm.ts";
import type { Deal } from "../../../protocol/audit/deal.ts";
import type { DisclosureItem } from "../../../protocol/audit/disclosure.ts";
import type { PartialOpening } from "../../../protocol/audit/partial-opening.ts";
import type { CeremonyPlan } from "../../../protocol/audit/plan.ts";
import type { Pledge } from "../../../protocol/audit/pledge.ts";
import type { Verdict } from "../../../protocol/audit/verdict.ts";
import type { EmergencyProfile } from "../../../protocol/emergency-profile.ts";
import type { CarriedList } from "../../../protocol/carried-lists.ts";
import {
  type Certificate,
  deviceClasses,
  type DeviceClass,
} from "../../../protocol/certificate.ts";
import type { Confirmation } from "../../../protocol/confirmation.ts";
import type { Enrolment } from "../../../protocol/enrolment.ts";
import type { Envelope } from "../../../protocol/envelope.ts";
import { NOBODY, type Owner } from "../../../protocol/key.ts";
import type { RevocationList, TrustList } from "../../../protocol/lists.ts";
import type { ListVersion } from "../../../protocol/list-version.ts";
import { AMOUNT_MAX } from "../../../protocol/money.ts";
import { lock, type Outpoint, type Output } from "../../../protocol/output.ts";
import type { Receipt } from "../../../protocol/receipt.ts";
import {
  auditOf,
  type RecordBody,
  type RecordKind,
  type Witness,
} from "../../../protocol/record.ts";
import type { Request } from "../../../protocol/request.ts";
import { key } from "../../../scripts/vectors/keys.ts";
import type { With } from "./encoders.ts";

export const bytes = (length: number, max = length) =>
  fc.uint8Array({ minLength: length, maxLength: max });
export const hex = (length: number): fc.Arbitrary<Hex> => bytes(length).map(toHex);
export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** A count or a time: small, large, and at the edge. */
export const safe = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
export const amount = fc.oneof(
  fc.bigInt(1n, 1000n),
  fc.bigInt(1n, AMOUNT_MAX),
  fc.constant(AMOUNT_MAX),
);
export const signature = bytes(64);
const owner: fc.Arbitrary<Owner> = hex(20);

/** Keys on the curve: making one costs more than a test has time for. */
const someKeys = Array.from({ length: 16 }, (_, i) => key(`any ${i}`).publicKey);
export const publicKey = fc.constantFrom(...someKeys);

export const outpoint: fc.Arbitrary<Outpoint> = hex(33);
export const outpoints = (min: number, max: number) =>
  fc
    .uniqueArray(outpoint, { minLength: min, maxLength: max })
    .map((all): readonly Outpoint[] => all.toSorted());

/** Text of at most `max` bytes of UTF-8, of every plane and direction. */
export const text = (max: number) =>
  fc.string({ unit: "binary", maxLength: max }).filter((t) => utf8.encode(t).length <= max);

export function output(...locks: Output["lock"][]): fc.Arbitrary<Output> {
  return fc
    .record({ lock: fc.constantFrom(...locks), owner, custodian: u16, amount })
    .map((any) => (any.lock === lock.burn ? { ...any, owner: NOBODY } : any));
}

const envelopeBytes = fc.oneof(fc.constant(new Uint8Array()), bytes(1, 512));

export const record = fc.constantFrom<RecordKind>("spend", "claim", "reclaim").chain((kind) =>
  fc
    .record({
      inputs: outpoints(1, kind === "claim" ? 1 : 16),
      outputs: fc.array(output(lock.key, lock.claim, lock.burn), { minLength: 1, maxLength: 16 }),
      counter: safe,
      time: safe,
      nonce: bytes(16),
      signer: publicKey,
      signature,
      envelope: envelopeBytes,
      preimage: kind === "claim" ? bytes(32) : fc.constant(undefined),
    })
    .map((fields): RecordBody & Witness & With<{ signer: Uint8Array }> => ({
      kind,
      ...fields,
      audit: auditOf(fields.envelope),
    })),
);

export const deposit = fc.record({ seq: safe, output: output(lock.key) });

export const enrolment: fc.Arbitrary<Enrolment> = fc.record({
  kind: fc.constant("enrolment"),
  deviceKey: publicKey,
  member: u16,
  issuerSignature: signature,
  consent: signature,
  envelope: envelopeBytes,
});

export const batch = fc.record({
  member: u16,
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  leaves: fc.array(hex(32), { minLength: 1, maxLength: 40 }),
});

const times = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 1_000_000 }))
  .map(([from, length]) => [from, from + length] as const);

export const certificate: fc.Arbitrary<With<Certificate>> = fc
  .record({
    deviceKey: publicKey,
    member: u16,
    class: fc.constantFrom(...(Object.keys(deviceClasses) as DeviceClass[])),
    serial: bytes(16),
    times,
    maxPayment: fc.bigInt(0n, AMOUNT_MAX),
    maxBalance: amount,
    maxCount: u16,
    windowS: fc.integer({ min: 1, max: 0xffff_ffff }),
    maxDepth: u8,
    subject: bytes(32),
    label: text(32),
    signature,
  })
  .map(({ times: [notBefore, notAfter], maxDepth, ...fields }) => ({
    ...fields,
    notBefore,
    notAfter,
    maxDepth: fields.class === "host" ? 0 : maxDepth,
  }));

export const receipt: fc.Arbitrary<With<Receipt>> = fc
  .record({ outpoint, output: output(lock.key, lock.claim), seq: safe, times, signature })
  .map(({ times: [issued, notAfter], ...fields }) => ({ ...fields, issued, notAfter }));

export const revocationList: fc.Arbitrary<With<RevocationList>> = fc.record({
  member: u16,
  version: u32,
  issued: safe,
  prefixes: fc.uniqueArray(hex(8), { maxLength: 30 }).map((all) => all.toSorted()),
  signature,
});

const trustedMember = fc.record({
  member: fc.integer({ min: 1, max: 0xffff }),
  status: fc.constantFrom(1 as const, 2 as const, 3 as const),
  issuer: publicKey,
  previousIssuer: fc.option(publicKey, { nil: undefined }),
  guarantee: fc.bigInt(0n, AMOUNT_MAX),
  name: text(32),
});

export const trustList: fc.Arbitrary<With<TrustList>> = fc
  .record({
    version: u32,
    times,
    nextTrustKey: publicKey,
    members: fc
      .uniqueArray(trustedMember, { maxLength: 6, selector: ({ member }) => member })
      .map((all) => all.toSorted((a, b) => a.member - b.member)),
    signature,
  })
  .map(({ times: [issued, notAfter], ...fields }) => ({ ...fields, issued, notAfter }));

const tillId = hex(8);
const taking: fc.Arbitrary<Taking> = fc.record({
  id: hex(32),
  inputs: fc.uniqueArray(outpoint, { minLength: 1, maxLength: 16 }).map((all) => all.toSorted()),
});

export const alarm: fc.Arbitrary<AlarmMessage> = fc.oneof(
  fc.record({
    kind: fc.constant("beat" as const),
    till: tillId,
    held: fc
      .uniqueArray(fc.record({ till: tillId, number: u32 }), {
        maxLength: 64,
        selector: ({ till }) => till,
      })
      .map((all) => all.toSorted((a, b) => (a.till < b.till ? -1 : 1))),
  }),
  fc.record({
    kind: fc.constant("stretch" as const),
    till: tillId,
    floor: fc.integer({ min: 1, max: 1000 }),
    first: fc.integer({ min: 1000, max: 0xffff_ffff }),
    takings: fc.array(taking, { minLength: 1, maxLength: 4 }),
  }),
);

const placePart = fc.stringMatching(/^[A-Z0-9]{1,7}$/);

export const emergencyProfile: fc.Arbitrary<With<EmergencyProfile>> = fc
  .record({
    version: u32,
    times,
    notBefore: fc.nat(),
    factors: fc.record({ payment: u16, count: u16, balance: u16, depth: u16 }),
    places: fc
      .uniqueArray(
        fc.array(placePart, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("-")),
        { maxLength: 16 },
      )
      .map((all) => all.toSorted()),
    signature,
  })
  .map(({ times: [issued, notAfter], ...fields }) => ({
    ...fields,
    issued,
    notAfter,
    notBefore: Math.min(fields.notBefore, notAfter - 1),
  }));

export const carriedLists: fc.Arbitrary<readonly CarriedList[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("revocations" as const, "trust" as const, "emergency" as const),
    bytes: bytes(0, 100),
  }),
  { maxLength: 16 },
);

export const listVersions: fc.Arbitrary<readonly ListVersion[]> = fc
  .uniqueArray(fc.record({ member: u16, version: u32 }), {
    maxLength: 16,
    selector: ({ member }) => member,
  })
  .map((all) => all.toSorted((a, b) => a.member - b.member));

export const envelope: fc.Arbitrary<Envelope> = fc.record({
  epoch: u32,
  ephemeral: publicKey,
  proof: bytes(64),
  ciphertext: bytes(16, 410),
});

/** A request but for its certificate, which is signed first. */
export const requestFields: fc.Arbitrary<With<Omit<Request, "certificate">>> = fc.record({
  amount,
  ephemeral: publicKey,
  versions: listVersions,
  reference: text(64),
  signature,
});

/** A confirmation but for its return, which is signed first. */
export const confirmationFields: fc.Arbitrary<With<Omit<Confirmation, "returned">>> = fc.record({
  status: fc.constantFrom("accepted" as const, "returned" as const, "invalid" as const),
  id: hex(32),
  lists: carriedLists,
  signature,
});

const holderNumbers = fc.integer({ min: 1, max: 32 });
const stepHead = { ceremony: hex(32), holder: holderNumbers };

export const ceremonyPlan: fc.Arbitrary<CeremonyPlan> = fc
  .uniqueArray(publicKey, { minLength: 1, maxLength: 16, selector: toHex })
  .chain((keys) =>
    fc.record({
      epoch: fc.integer({ min: 1, max: 0xffff_ffff }),
      salt: bytes(16),
      threshold: fc.integer({ min: 1, max: keys.length }),
      holders: fc
        .tuple(...keys.map((signingKey) => text(32).map((name) => ({ signingKey, name }))))
        .map((holders) =>
          holders
            .toSorted((a, b) => (toHex(a.signingKey) < toHex(b.signingKey) ? -1 : 1))
            .map((holder, i) => ({
              ...holder,
              account: `0x${(i + 1).toString(16).padStart(40, "0")}` as Hex,
            })),
        ),
    }),
  );

export const pledge: fc.Arbitrary<With<Pledge>> = fc.record({
  ...stepHead,
  promise: hex(32),
  sealingKeys: fc.array(publicKey, { minLength: 1, maxLength: 32 }),
  signature,
});

export const deal: fc.Arbitrary<With<Deal>> = fc.record({
  ...stepHead,
  pledges: hex(32),
  commitments: fc.array(publicKey, { minLength: 1, maxLength: 32 }),
  proof: bytes(64),
  shares: fc.array(fc.record({ enc: bytes(65), ciphertext: bytes(48) }), {
    minLength: 1,
    maxLength: 32,
  }),
  signature,
});

export const verdict: fc.Arbitrary<With<Verdict>> = fc.record({
  ...stepHead,
  deals: hex(32),
  finding: fc.oneof(
    fc.record({ kind: fc.constant("held" as const), proof: bytes(64) }),
    fc.record({
      kind: fc.constant("complaint" as const),
      dealer: holderNumbers,
      openingKey: bytes(32),
    }),
  ),
  signature,
});

export const disclosureItem: fc.Arbitrary<DisclosureItem> = fc.record({
  salt: bytes(16),
  deviceKey: publicKey,
  envelope: bytes(0, 512),
});

export const partialOpening: fc.Arbitrary<PartialOpening> = fc.record({
  holder: holderNumbers,
  point: publicKey,
  proof: bytes(64),
});
