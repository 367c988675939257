/**
 * The ceremony in which n holders make an audit key that none of them ever has: each deals a random
 * polynomial to all (Pedersen 1991), with the points of its coefficients, by which everyone checks its share
 * (Feldman 1987). The key is the sum of the constant coefficients; a holder's share of it, the sum of the
 * shares dealt to it.
 *
 * Dealt like this alone, the last dealer could look at the others' points and choose among its own, or have
 * itself thrown out, until the key suits it (Gennaro, Jarecki, Krawczyk, Rabin 1999). So here
 * - each holder first pledges the hash of its points, and shows them after it has all pledges, with a proof
 *   that it knows the logarithm of the constant one: nobody fits its part to the others';
 * - no holder is ever left out of the sum. A wrong share, an untrue complaint, or a holder that says nothing
 *   more voids the whole ceremony and names it; the rest hold another, with or without it.
 * What is left to a liar is to have a ceremony voided, in the open and under its own name, once for each key
 * that it does not like. Holders are few and known to each other, so this is the simpler remedy than theirs,
 * a second round over Pedersen's commitments that goes on without the liar.
 *
 *     plan → pledges → deals → verdicts → transcript
 */
import { equalBytes, fromHex, type Hex, toHex, Writer } from "../bytes.ts";
import { type Sealed, seal, open, type SealingKey, sealingKeyOf } from "../hpke.ts";
import { KEY_LENGTH } from "../key.ts";
import { BASE, Fn, isLogProof, type Point, pointOf, proveLog } from "../log-proof.ts";
import { digest, message } from "../message.ts";
import { isRefusal, Refusal } from "../refusal.ts";
import type { Signer, Verifier } from "../signature.ts";
import type { CeremonySecret } from "./ceremony-secret.ts";
import { type SignedDeal, signDeal } from "./deal.ts";
import { type CeremonyPlan, ceremonyId, holderNumber } from "./plan.ts";
import { promiseOf, type SignedPledge, signPledge } from "./pledge.ts";
import { pointAt, valueAt } from "./polynomial.ts";
import { checkSteps, HASH_LENGTH, type SignedStep, type StepHead } from "./signed-step.ts";
import { type Finding, type SignedVerdict, signVerdict } from "./verdict.ts";

/** The place of a ceremony: whoever is in it, or looks at it, has the same. */
export type Ceremony = { readonly networkId: Uint8Array; readonly plan: CeremonyPlan };

/** One holder's own part. */
export type OwnPart = { readonly signer: Signer; readonly secret: CeremonySecret };

/** What a holder has to keep: its share of the key. */
export type OwnShare = { readonly holder: number; readonly scalar: Uint8Array };

/** @throws Refusal `forbidden` where the signer is no holder. */
export async function makePledge(ceremony: Ceremony, own: OwnPart): Promise<SignedPledge> {
  const { networkId, plan } = ceremony;
  const head = headOf(ceremony, own.signer);
  const { commitments } = polynomialOf(plan, own.secret);
  const fields = {
    ...head,
    promise: promiseOf(networkId, head, commitments),
    sealingKeys: plan.holders.map((_, i) => own.secret.sealingKey(i + 1).publicKey),
  };
  return await signPledge(networkId, fields, own.signer);
}

/** @throws Refusal as `checkPledges`, `forbidden`. */
export async function makeDeal(
  ceremony: Ceremony,
  own: OwnPart,
  pledges: readonly SignedPledge[],
  verifier: Verifier,
): Promise<SignedDeal> {
  checkPledges(ceremony, pledges, verifier);
  const { networkId, plan } = ceremony;
  const head = headOf(ceremony, own.signer);
  const { coefficients, commitments } = polynomialOf(plan, own.secret);
  const seen = hashOf(networkId, "pledge", pledges);
  const context = possession(networkId, head, commitments[0]!);
  const sealed = pledges.map(({ holder, sealingKeys }) =>
    seal(
      sealingKeys[head.holder - 1]!,
      Fn.toBytes(valueAt(coefficients, holder)),
      occasion(networkId, seen, head.holder, holder),
      NOTHING,
      own.secret.ephemeral(holder),
    ),
  );
  const fields = {
    ...head,
    pledges: seen,
    commitments,
    proof: proveLog(context, coefficients[0]!, [BASE], own.secret.blinding(context)),
    shares: await Promise.all(sealed),
  };
  return await signDeal(networkId, fields, own.signer);
}

/** A complaint about the first dealer whose share is wrong, or the proof of the holder's own. */
export async function makeVerdict(
  ceremony: Ceremony,
  own: OwnPart,
  pledges: readonly SignedPledge[],
  deals: readonly SignedDeal[],
  verifier: Verifier,
): Promise<SignedVerdict> {
  checkDeals(ceremony, pledges, deals, verifier);
  const { networkId } = ceremony;
  const head = headOf(ceremony, own.signer);
  const finding = await findingOf(ceremony, own, deals);
  const fields = { ...head, deals: hashOf(networkId, "deal", deals), finding };
  return await signVerdict(networkId, fields, own.signer);
}

/**
 * The holder's share, once all verdicts are good.
 * @throws Refusal as `checkVerdicts`.
 */
export async function makeShare(
  ceremony: Ceremony,
  own: OwnPart,
  pledges: readonly SignedPledge[],
  deals: readonly SignedDeal[],
  verdicts: readonly SignedVerdict[],
  verifier: Verifier,
): Promise<OwnShare> {
  await checkVerdicts(ceremony, pledges, deals, verdicts, verifier);
  const { holder } = headOf(ceremony, own.signer);
  const shares = await Promise.all(
    deals.map((deal) => openShare(ceremony, deal, holder, own.secret.sealingKey(deal.holder))),
  );
  return { holder, scalar: Fn.toBytes(sumOf(shares)) };
}

/** @throws Refusal `conflict`, `bad-signature` naming the holder. */
function checkPledges(
  { networkId, plan }: Ceremony,
  pledges: readonly SignedPledge[],
  verifier: Verifier,
): void {
  checkSteps("pledge", networkId, ceremonyId(networkId, plan), plan, pledges, verifier);
  for (const { holder, sealingKeys } of pledges) {
    if (sealingKeys.length !== plan.holders.length) {
      throw blame(plan, holder, "pledged keys for another number of holders");
    }
  }
}

/** @throws Refusal as `checkPledges`; `failed-ceremony` naming the holder whose deal does not hold. */
function checkDeals(
  ceremony: Ceremony,
  pledges: readonly SignedPledge[],
  deals: readonly SignedDeal[],
  verifier: Verifier,
): void {
  checkPledges(ceremony, pledges, verifier);
  const { networkId, plan } = ceremony;
  checkSteps("deal", networkId, ceremonyId(networkId, plan), plan, deals, verifier);
  const seen = hashOf(networkId, "pledge", pledges);
  for (const deal of deals) {
    const { holder, commitments, shares, proof } = deal;
    if (deal.pledges !== seen) throw differs(plan, holder, "dealt on other pledges");
    if (commitments.length !== plan.threshold || shares.length !== plan.holders.length) {
      throw blame(plan, holder, "dealt for another threshold or number of holders");
    }
    if (promiseOf(networkId, deal, commitments) !== pledges[holder - 1]!.promise) {
      throw blame(plan, holder, "dealt another polynomial than it pledged");
    }
    const context = possession(networkId, deal, commitments[0]!);
    if (!isLogProof(context, [BASE], [pointOf(commitments[0]!)], proof)) {
      throw blame(plan, holder, "does not show that it knows what it dealt");
    }
  }
}

/**
 * Checks that every holder has its share, by its own word and proof.
 * @throws Refusal as `checkDeals`; `failed-ceremony` naming the dealer of a wrong share, the holder whose
 * complaint is untrue, or the one that shows no share.
 */
export async function checkVerdicts(
  ceremony: Ceremony,
  pledges: readonly SignedPledge[],
  deals: readonly SignedDeal[],
  verdicts: readonly SignedVerdict[],
  verifier: Verifier,
): Promise<void> {
  checkDeals(ceremony, pledges, deals, verifier);
  const { networkId, plan } = ceremony;
  checkSteps("verdict", networkId, ceremonyId(networkId, plan), plan, verdicts, verifier);
  const judged = hashOf(networkId, "deal", deals);
  for (const verdict of verdicts) {
    const { holder, finding } = verdict;
    if (verdict.deals !== judged) throw differs(plan, holder, "judged other deals");
    if (finding.kind === "complaint") throw await judge(ceremony, pledges, deals, verdict, finding);
    const share = publicShare(deals, holder);
    const context = possession(networkId, verdict, keyBytes(share));
    if (!isLogProof(context, [BASE], [share], finding.proof)) {
      throw blame(plan, holder, "does not show that it has its share");
    }
  }
}

/** The public audit key. @throws Refusal `failed-ceremony` where it is no key: all would have to agree on that. */
export function publicKeyOf(deals: readonly SignedDeal[]): Uint8Array {
  return keyBytes(publicShare(deals, 0));
}

/** What the share of a holder is the logarithm of; at 0, the key itself. */
export function publicShare(deals: readonly SignedDeal[], holder: number): Point {
  return deals
    .map(({ commitments }) => pointAt(commitments.map(pointOf), holder))
    .reduce((sum, each) => sum.add(each));
}

/** Compressed. @throws Refusal `failed-ceremony` at infinity. */
export function keyBytes(point: Point): Uint8Array {
  if (point.is0()) throw new Refusal("failed-ceremony", "the parts of the holders cancel out");
  return point.toBytes(true);
}

const NOTHING = new Uint8Array();

function headOf({ networkId, plan }: Ceremony, { publicKey }: Signer): StepHead {
  return { ceremony: ceremonyId(networkId, plan), holder: holderNumber(plan, publicKey) };
}

function polynomialOf({ threshold }: CeremonyPlan, secret: CeremonySecret) {
  const coefficients = secret.coefficients(threshold);
  return { coefficients, commitments: coefficients.map((c) => BASE.multiply(c).toBytes(true)) };
}

async function findingOf(
  ceremony: Ceremony,
  { signer, secret }: OwnPart,
  deals: readonly SignedDeal[],
): Promise<Finding> {
  const head = headOf(ceremony, signer);
  const shares: bigint[] = [];
  for (const deal of deals) {
    const key = secret.sealingKey(deal.holder);
    const share = await rightShare(ceremony, deal, head.holder, key);
    if (share === undefined) {
      return { kind: "complaint", dealer: deal.holder, openingKey: key.privateKey };
    }
    shares.push(share);
  }
  const context = possession(ceremony.networkId, head, keyBytes(publicShare(deals, head.holder)));
  const proof = proveLog(context, sumOf(shares), [BASE], secret.blinding(context));
  return { kind: "held", proof };
}

/** Who is to blame for a complaint: the dealer, if the share is wrong as everyone can now see. */
async function judge(
  ceremony: Ceremony,
  pledges: readonly SignedPledge[],
  deals: readonly SignedDeal[],
  { holder }: StepHead,
  { dealer, openingKey }: Extract<Finding, { kind: "complaint" }>,
): Promise<Refusal> {
  const { plan } = ceremony;
  const deal = deals[dealer - 1];
  if (deal === undefined) return blame(plan, holder, `complains about holder ${dealer}: nobody`);
  const key = keyPairOf(openingKey);
  if (
    key === undefined ||
    !equalBytes(key.publicKey, pledges[holder - 1]!.sealingKeys[dealer - 1]!)
  ) {
    return blame(plan, holder, `complains about holder ${dealer} and does not show its share`);
  }
  if ((await rightShare(ceremony, deal, holder, key)) !== undefined) {
    return blame(plan, holder, `complains about holder ${dealer}, whose share is right`);
  }
  return blame(plan, dealer, `dealt a wrong share to holder ${holder}`);
}

/** The share that a dealer sealed to a holder, if it is the value of the polynomial that it committed to. */
async function rightShare(
  ceremony: Ceremony,
  deal: SignedDeal,
  holder: number,
  key: SealingKey,
): Promise<bigint | undefined> {
  try {
    const share = await openShare(ceremony, deal, holder, key);
    const expected = pointAt(deal.commitments.map(pointOf), holder);
    const isRight = share === 0n ? expected.is0() : BASE.multiply(share).equals(expected);
    return isRight ? share : undefined;
  } catch (error) {
    if (isRefusal(error, "not-for-us") || error instanceof ShareRangeError) return undefined;
    throw error;
  }
}

/** A number from n on, where a share belongs. */
class ShareRangeError extends RangeError {}

async function openShare(
  { networkId }: Ceremony,
  deal: SignedDeal,
  holder: number,
  key: SealingKey,
): Promise<bigint> {
  const info = occasion(networkId, deal.pledges, deal.holder, holder);
  const sealed: Sealed = deal.shares[holder - 1]!;
  const share = BigInt(toHex(await open(key, sealed, info, NOTHING)));
  if (share >= Fn.ORDER) throw new ShareRangeError(`a share of holder ${deal.holder} is too great`);
  return share;
}

function keyPairOf(privateKey: Uint8Array): SealingKey | undefined {
  const scalar = BigInt(toHex(privateKey));
  return scalar === 0n || scalar >= Fn.ORDER ? undefined : sealingKeyOf(privateKey);
}

function sumOf(shares: readonly bigint[]): bigint {
  return shares.reduce((sum, each) => Fn.add(sum, each));
}

/** Over what was signed, not over the signatures: a message that is signed again is the same. */
function hashOf(
  networkId: Uint8Array,
  name: "pledge" | "deal",
  steps: readonly SignedStep<StepHead>[],
): Hex {
  const writer = new Writer(HASH_LENGTH * steps.length);
  for (const { body } of steps) writer.put(digest(name, networkId, body));
  return toHex(digest(name, networkId, writer.done()));
}

/** What a proof that a holder knows a point's logarithm is for. */
function possession(networkId: Uint8Array, head: StepHead, point: Uint8Array): Uint8Array {
  const body = new Writer(HASH_LENGTH + 1 + KEY_LENGTH)
    .fixed(fromHex(head.ceremony), HASH_LENGTH)
    .u8(head.holder)
    .fixed(point, KEY_LENGTH);
  return message("possession", networkId, body.done());
}

/** What binds a sealed share to its place. */
function occasion(networkId: Uint8Array, pledges: Hex, dealer: number, holder: number): Uint8Array {
  const body = new Writer(HASH_LENGTH + 2)
    .fixed(fromHex(pledges), HASH_LENGTH)
    .u8(dealer)
    .u8(holder);
  return message("share", networkId, body.done());
}

function blame({ holders }: CeremonyPlan, holder: number, what: string): Refusal {
  return new Refusal("failed-ceremony", `holder ${holder}, ${holders[holder - 1]!.name}, ${what}`);
}

/** Whoever signed two of one message is to blame, and that is not always the one that saw the other. */
function differs({ holders }: CeremonyPlan, holder: number, what: string): Refusal {
  const who = `holder ${holder}, ${holders[holder - 1]!.name}`;
  return new Refusal(
    "conflict",
    `${who}, ${what} than these: compare the files byte by byte, and see who signed two`,
  );
}
