/** The three messages between two devices: requests, payments, confirmations. */
import { encodeBundle } from "../../protocol/bundle.ts";
import { concat, toHex } from "../../protocol/bytes.ts";
import { type CarriedList, listKinds } from "../../protocol/carried-lists.ts";
import {
  checkConfirmationSignature,
  type Confirmation,
  decodeConfirmation,
  signConfirmation,
} from "../../protocol/confirmation.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { prefixOf, signRevocationList, signTrustList } from "../../protocol/lists.ts";
import { EMERGENCY_PROFILE, TRUST_LIST } from "../../protocol/list-version.ts";
import { openPayment, type Payment, sealPayment } from "../../protocol/payment.ts";
import { outpointsOf, recordId } from "../../protocol/record.ts";
import {
  checkRequestSignature,
  decodeRequest,
  type Request,
  requestDigest,
  requestNonce,
  type SignedRequest,
  signRequest,
} from "../../protocol/request.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key, networkId } from "./keys.ts";
import {
  authority,
  certify,
  coin,
  issuers,
  now,
  pay,
  payee,
  payer,
  spend,
  vouch,
} from "./parties.ts";
import { bad, badAsync, badLengths, fieldsOf, good, patch, type Vectors } from "./vector.ts";

export async function requests(): Promise<Vectors> {
  const request = await askFor({});
  const encoded = request.bytes;
  const amount = 1 + request.certificate.bytes.length;
  const check = (input: Uint8Array) =>
    checkRequestSignature(networkId, decodeRequest(input), portableVerifier);
  const versions = (count: number) =>
    Array.from({ length: count }, (_, member) => ({ member, version: member + 1 }));
  const withLists = (await askFor({ versions: versions(2) })).bytes;
  return {
    good: [
      goodRequest("a request", request),
      goodRequest(
        "with lists and a reference",
        await askFor({ versions: versions(16), reference: "till 4, bon № 1871" }),
      ),
      goodRequest("a reference of 64 bytes", await askFor({ reference: "x".repeat(64) })),
    ],
    bad: [
      ...badLengths(encoded, decodeRequest),
      bad("version 2", patch(encoded, 0, 2), decodeRequest),
      bad("for nothing", patch(encoded, amount, ...new Uint8Array(8)), decodeRequest),
      bad(
        "a key that is not on the curve",
        patch(encoded, amount + 8, 2, ...new Uint8Array(31), 1),
        decodeRequest,
      ),
      bad("seventeen lists", patch(encoded, amount + 41, 17), decodeRequest),
      bad("lists that do not ascend", patch(withLists, amount + 48, 0, 0), decodeRequest),
      bad("a reference of 65 bytes", patch(encoded, amount + 42, 65), decodeRequest),
      bad(
        "a reference that is not UTF-8",
        patch((await askFor({ reference: "x" })).bytes, amount + 43, 0xff),
        decodeRequest,
      ),
      bad("an amount raised after signing", patch(encoded, amount, 1), check),
    ],
  };
}

export async function payments() {
  const request = await askFor({});
  const secret = ephemeral("request");
  const bundle = await payTo(request);
  const lists = await someLists();
  const versions = [
    { member: TRUST_LIST, version: 7 },
    { member: 1, version: 2 },
    { member: EMERGENCY_PROFILE, version: 4 },
  ];
  const plain = { bundle, versions: [], lists: [] };
  const whole: readonly (readonly [name: string, Payment])[] = [
    ["payment", plain],
    ["payment with lists", { ...plain, lists }],
    ["payment by a payer that is behind", { ...plain, versions }],
  ];
  const seal = (name: string, payment: Payment) =>
    sealPayment(networkId, payment, request, ephemeral(name));
  const encoded = await seal(...whole[0]!);
  const open = (input: Uint8Array) => openPayment(networkId, input, request, secret);
  const another = await askFor({ amount: 2n });
  return {
    request: toHex(request.bytes),
    /** Of the request's ephemeral key. */
    privateKey: toHex(secret.privateKey),
    good: await Promise.all(
      whole.map(async ([name, payment]) => ({
        name,
        bytes: toHex(await seal(name, payment)),
        expected: {
          bundle: toHex(encodeBundle(bundle)),
          versions: payment.versions,
          lists: payment.lists.map(fieldsOf),
        },
      })),
    ),
    bad: await Promise.all([
      badAsync("no bytes at all", new Uint8Array(), open),
      badAsync("version 2", patch(encoded, 0, 2), open),
      badAsync("a key that is not on the curve", patch(encoded, 2, ...new Uint8Array(64)), open),
      badAsync("no tag", encoded.slice(0, 1 + 65 + 15), open),
      badAsync("a byte of the text changed", patch(encoded, 66, encoded[66]! ^ 1), open),
      badAsync(
        "a byte of the tag changed",
        patch(encoded, encoded.length - 1, encoded.at(-1)! ^ 1),
        open,
      ),
      badAsync("the last byte is missing", encoded.slice(0, -1), open),
      badAsync("one byte is left over", concat(encoded, Uint8Array.of(0)), open),
      badAsync(
        "sealed to another request",
        await sealPayment(networkId, plain, another, ephemeral("other payment")),
        open,
      ),
      badAsync(
        "sealed to another key",
        await sealPayment(
          networkId,
          plain,
          await askFor({ ephemeral: payee.publicKey }),
          ephemeral("other key"),
        ),
        open,
      ),
    ]),
  };
}

export async function confirmations(): Promise<Vectors> {
  const bundle = await payTo(await askFor({}));
  const payment = bundle.records.at(-1)!;
  const id = recordId(networkId, payment.body);
  const returned = await spend(
    [outpointsOf(networkId, payment)[0]!],
    [pay(payer, 700n, 1)],
    payee,
    2,
  );
  const confirm = (fields: Partial<Confirmation>) =>
    signConfirmation(networkId, { status: "accepted", id, lists: [], ...fields }, payee);
  const accepted = await confirm({});
  const withReturn = await confirm({ status: "returned", returned });
  const lists = await someLists();
  const withLists = await confirm({ lists });
  const encoded = accepted.bytes;
  const listed = withLists.bytes;
  const listsAt = 98;
  const check = (input: Uint8Array) =>
    checkConfirmationSignature(
      networkId,
      decodeConfirmation(input),
      payee.publicKey,
      portableVerifier,
    );
  const tooMany: CarriedList[] = Array.from({ length: 17 }, () => lists[0]!);
  return {
    good: [
      good("accepted", accepted),
      good("returned", withReturn),
      good("invalid", await confirm({ status: "invalid" })),
      good("accepted, with lists", withLists),
    ],
    bad: [
      ...badLengths(encoded, decodeConfirmation),
      bad("version 0", patch(encoded, 0, 0), decodeConfirmation),
      bad("status 3", patch(encoded, 1, 3), decodeConfirmation),
      bad("accepted, with a return", patch(withReturn.bytes, 1, 0), decodeConfirmation),
      bad("returned, without a return", patch(encoded, 1, 1), decodeConfirmation),
      bad("a return of another length", patch(withReturn.bytes, 99, 0, 1), decodeConfirmation),
      bad("list kind 4", patch(listed, listsAt + 1, 4), decodeConfirmation),
      bad("list kind 0", patch(listed, listsAt + 1, 0), decodeConfirmation),
      bad(
        "a revocation list of 513 bytes",
        listsOf(encoded, "revocations", 513),
        decodeConfirmation,
      ),
      bad("a trust list of 4,097 bytes", listsOf(encoded, "trust", 4_097), decodeConfirmation),
      bad("seventeen lists", patch(encoded, listsAt, tooMany.length), decodeConfirmation),
      bad("8,193 bytes of lists", listsOf(encoded, "trust", 4_096, 4_096, 1), decodeConfirmation),
      bad("the status changed after signing", patch(encoded, 1, 2), check),
    ],
  };
}

/** A confirmation with lists of zeros in the place of none. */
function listsOf(
  confirmation: Uint8Array,
  kind: CarriedList["kind"],
  ...lengths: number[]
): Uint8Array {
  const lists = lengths.map((length) =>
    concat(Uint8Array.of(listKinds[kind], length >> 8, length & 0xff), new Uint8Array(length)),
  );
  return concat(
    confirmation.subarray(0, 98),
    Uint8Array.of(lists.length),
    ...lists,
    confirmation.subarray(99),
  );
}

/** The ephemeral keys are fixed here alone: everywhere else they are fresh. */
function ephemeral(name: string) {
  return sealingKeyOf(key(`ephemeral ${name}`).privateKey);
}

async function askFor(fields: Partial<Request>): Promise<SignedRequest> {
  const certificate = await certify(payee, 1, { label: "Corner Shop" });
  const whole: Request = {
    certificate,
    amount: 700n,
    ephemeral: ephemeral("request").publicKey,
    versions: [],
    reference: "",
    ...fields,
  };
  return signRequest(networkId, whole, payee);
}

function goodRequest(name: string, request: SignedRequest) {
  const { expected, ...vector } = good(name, request);
  return {
    ...vector,
    expected: { ...(expected as object), digest: toHex(requestDigest(networkId, request)) },
  };
}

/** The bundle of a first hop whose record pays the request. */
async function payTo(request: SignedRequest) {
  const [certificate, receipt] = [
    await certify(payer, 1),
    await vouch(coin("coin"), pay(payer, 1_000n, 1)),
  ];
  const outputs = [pay(payee, request.amount, 1), pay(payer, 1_000n - request.amount, 1)];
  const record = await spend(
    [receipt.outpoint],
    outputs,
    payer,
    1,
    requestNonce(networkId, request),
  );
  return { records: [record], certificates: [certificate], receipts: [receipt] };
}

async function someLists(): Promise<CarriedList[]> {
  const prefixes = [prefixOf(key("revoked").owner)];
  const revocations = await signRevocationList(
    networkId,
    { member: 1, version: 2, issued: now, prefixes },
    issuers[0],
  );
  const trust = await signTrustList(
    networkId,
    {
      version: 7,
      issued: now,
      notAfter: now + 1,
      nextTrustKey: authority.publicKey,
      members: [
        {
          member: 1,
          status: 1,
          issuer: issuers[0].publicKey,
          guarantee: 500_000n,
          name: "First Bank",
        },
      ],
    },
    authority,
  );
  return [
    { kind: "revocations", bytes: revocations.bytes },
    { kind: "trust", bytes: trust.bytes },
    { kind: "emergency", bytes: bytes("emergency", 80) },
  ];
}
