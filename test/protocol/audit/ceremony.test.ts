/** The ceremony of the audit key: what comes of an honest one, and that whoever lies in one is named. */
import { createECDH } from "node:crypto";
import { expect } from "chai";
import { makeDeal, makePledge, makeShare, makeVerdict } from "../../../protocol/audit/ceremony.ts";
import { ceremonySecret } from "../../../protocol/audit/ceremony-secret.ts";
import { type SignedDeal, signDeal } from "../../../protocol/audit/deal.ts";
import { ceremonyId } from "../../../protocol/audit/plan.ts";
import { promiseOf, type SignedPledge, signPledge } from "../../../protocol/audit/pledge.ts";
import { pointAt, valueAt, weightAtZero } from "../../../protocol/audit/polynomial.ts";
import {
  checkTranscript,
  decodeTranscript,
  transcriptHash,
} from "../../../protocol/audit/transcript.ts";
import { type SignedVerdict, signVerdict } from "../../../protocol/audit/verdict.ts";
import { fromHex, type Hex, toHex } from "../../../protocol/bytes.ts";
import { BASE, Fn, randomScalar } from "../../../protocol/log-proof.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import type { Refusal } from "../../../protocol/refusal.ts";
import { type Held, hold, planOf } from "../../../scripts/vectors/ceremonies.ts";
import { bytes, key, random } from "../../../scripts/vectors/keys.ts";
import { patch } from "../../../scripts/vectors/vector.ts";
import { networkId, readVectors, refusalOf } from "../support/vectors.ts";

const verifier = new NodeVerifier();

type KeyVector = {
  readonly name: string;
  readonly ceremony: Hex;
  readonly publicKey: Hex;
  readonly holders: readonly { number: number; publicShare: Hex; share: Hex }[];
};
const vectors = readVectors<{
  transcripts: { good: readonly { name: string; bytes: Hex }[] };
  keys: readonly KeyVector[];
}>("ceremonies");

describe("an audit key, by its transcript", () => {
  it("is verified by anyone, with everyone's public share [R-083, N-10]", async () => {
    expect(vectors.keys.map(({ name }) => name)).to.deep.equal(["2 of 3", "1 of 1"]);
    for (const [i, { ceremony, publicKey, holders }] of vectors.keys.entries()) {
      const transcript = decodeTranscript(fromHex(vectors.transcripts.good[i]!.bytes));
      expect(ceremonyId(networkId, transcript.plan)).to.equal(ceremony);
      const audit = await checkTranscript(networkId, transcript, verifier);
      expect(toHex(audit.publicKey)).to.equal(publicKey);
      expect(audit.holders.map(({ number, publicShare }) => [number, toHex(publicShare)])).to.eql(
        holders.map(({ number, publicShare }) => [number, publicShare]),
      );
    }
  });

  it("is of the shares, as OpenSSL has it too [N-10]", () => {
    for (const { publicKey, holders } of vectors.keys) {
      for (const { share, publicShare } of holders) {
        expect(publicKeyByOpenssl(fromHex(share))).to.equal(publicShare);
      }
      const numbers = holders.map(({ number }) => number);
      const whole = holders.reduce((sum, { number, share }) => {
        const part = Fn.mul(Fn.fromBytes(fromHex(share)), weightAtZero(numbers, number));
        return Fn.add(sum, part);
      }, 0n);
      expect(publicKeyByOpenssl(Fn.toBytes(whole))).to.equal(publicKey);
    }
  });

  it("stands on no other network", async () => {
    const transcript = decodeTranscript(fromHex(vectors.transcripts.good[0]!.bytes));
    const elsewhere = () => checkTranscript(bytes("other network", 32), transcript, verifier);
    expect((await refusalOf(elsewhere)).code).to.equal("conflict");
  });
});

describe("a ceremony", () => {
  it("gives a key to every t of n from 1 of 1 on, by the same steps [N-10]", async () => {
    for (const [threshold, count] of [
      [1, 1],
      [1, 2],
      [2, 2],
      [3, 5],
    ] as const) {
      const held = await hold(1, threshold, holdersOf(count));
      for (const [i, { holder, scalar }] of held.shares.entries()) {
        expect(holder).to.equal(i + 1);
        const shown = BASE.multiply(Fn.fromBytes(scalar)).toBytes(true);
        expect(toHex(shown)).to.equal(toHex(held.audit.holders[i]!.publicShare));
      }
    }
  });

  it("says the same again where a step is run again, and something else in another epoch", async () => {
    const [first, again, next] = [
      await hold(1, 2, holdersOf(3)),
      await hold(1, 2, holdersOf(3)),
      await hold(2, 2, holdersOf(3)),
    ];
    expect(transcriptHash(again.transcript)).to.equal(transcriptHash(first.transcript));
    expect(toHex(next.audit.publicKey)).to.not.equal(toHex(first.audit.publicKey));
    for (const [i, { scalar }] of first.shares.entries()) {
      expect(toHex(next.shares[i]!.scalar)).to.not.equal(toHex(scalar));
    }
  });

  it("blinds each proof by what it is about: two never show the share they speak of", () => {
    const secret = ceremonySecret(bytes("seed", 32), toHex(bytes("ceremony", 32)));
    const blinding = (context: number) => toHex(secret.blinding(Uint8Array.of(context))(48));
    expect(blinding(1)).to.equal(blinding(1));
    expect(blinding(1)).to.not.equal(blinding(2));
  });

  it("is for its holders alone", async () => {
    const { ceremony, owns } = planOf(1, 2, holdersOf(3));
    const stranger = { signer: key("stranger"), secret: owns[0]!.secret };
    expect((await refusalOf(() => makePledge(ceremony, stranger))).code).to.equal("forbidden");
  });

  describe("with a liar", () => {
    let held: Held;
    let parts: Parts;
    before(async () => {
      held = await hold(9, 2, holdersOf(3));
      parts = held.transcript;
    });

    it("names the dealer of a wrong share, and shows it to everyone [N-10]", async () => {
      const deals = await dealtBy(held, 2, (deal) => ({
        ...deal,
        shares: deal.shares.map((sealed, i) =>
          i === 0 ? { ...sealed, ciphertext: patch(sealed.ciphertext, 5, 0, 0, 0) } : sealed,
        ),
      }));
      await blames(held, { ...parts, deals, verdicts: await judged(held, deals) }, 2);
    });

    it("names the dealer of a share that opens, and is of another polynomial [N-10]", async () => {
      const other = { ...held.owns[1]!, secret: ceremonySecret(bytes("other", 32), idOf(held)) };
      const strange = await makeDeal(held.ceremony, other, parts.pledges, verifier);
      const deals = await dealtBy(held, 2, (deal) => ({ ...deal, shares: strange.shares }));
      const verdicts = await judged(held, deals);
      expect(verdicts.map(({ finding }) => finding.kind)).to.include("complaint");
      await blames(held, { ...parts, deals, verdicts }, 2);
    });

    it("names who complains about a right share, and who shows no share at all [N-10]", async () => {
      const { sealingKey } = held.owns[2]!.secret;
      const complaint = (openingKey: Uint8Array, dealer = 1) =>
        verdictBy(held, 3, (verdict) => ({
          ...verdict,
          finding: { kind: "complaint" as const, dealer, openingKey },
        }));
      const untrue = [
        await complaint(sealingKey(1).privateKey),
        await complaint(sealingKey(2).privateKey),
        await complaint(new Uint8Array(32)),
        await complaint(new Uint8Array(32).fill(0xff)),
        await complaint(sealingKey(1).privateKey, 4),
      ];
      for (const verdicts of untrue) await blames(held, { ...parts, verdicts }, 3);
      const [first, second] = parts.verdicts;
      const borrowed = await verdictBy(held, 3, (verdict) => ({
        ...verdict,
        finding: first!.finding,
      }));
      await blames(held, { ...parts, verdicts: borrowed }, 3);
      expect(second!.finding.kind).to.equal("held");
    });

    it("names who deals another polynomial than it pledged, having seen the others' [N-10]", async () => {
      const late = { ...held.owns[0]!, secret: ceremonySecret(bytes("late", 32), idOf(held)) };
      const deal = await makeDeal(held.ceremony, late, parts.pledges, verifier);
      await blames(held, { ...parts, deals: parts.deals.with(0, deal) }, 1);
    });

    it("names who deals points whose logarithm it does not know [N-10]", async () => {
      const [, second] = parts.deals;
      const [first] = parts.pledges;
      const { ceremony, owns } = held;
      // As if holder 1 had guessed what holder 2 would show.
      const guessed = await signPledge(
        networkId,
        { ...first!, promise: promiseOf(networkId, first!, second!.commitments) },
        owns[0]!.signer,
      );
      const pledges = parts.pledges.with(0, guessed);
      const deals = await Promise.all(
        owns.map((own) => makeDeal(ceremony, own, pledges, verifier)),
      );
      const copied = await signDeal(
        networkId,
        { ...deals[0]!, commitments: second!.commitments, proof: second!.proof },
        owns[0]!.signer,
      );
      await blames(held, { ...parts, pledges, deals: deals.with(0, copied) }, 1);
    });

    it("names who pledges or deals for others than the plan has", async () => {
      const short = await signPledge(
        networkId,
        { ...parts.pledges[1]!, sealingKeys: parts.pledges[1]!.sealingKeys.slice(1) },
        held.owns[1]!.signer,
      );
      await blames(held, { ...parts, pledges: parts.pledges.with(1, short) }, 2);
      const deals = await dealtBy(held, 3, (deal) => ({
        ...deal,
        commitments: [...deal.commitments, deal.commitments[0]!],
      }));
      await blames(held, { ...parts, deals }, 3);
    });

    it("refuses what is signed by another, is of another holder, or missing", async () => {
      const [first, second, third] = parts.pledges;
      const strange = await signPledge(networkId, second!, held.owns[2]!.signer);
      const wrong: [string, readonly SignedPledge[]][] = [
        ["bad-signature", [first!, strange, third!]],
        ["conflict", [second!, first!, third!]],
        ["conflict", [first!, second!]],
      ];
      for (const [code, pledges] of wrong) {
        expect((await refused(held, { ...parts, pledges })).code).to.equal(code);
      }
    });

    it("blames nobody for files that differ between holders, and says to compare them", async () => {
      const other = await hold(9, 2, holdersOf(3));
      const fresh = { ...other.owns[0]!, secret: ceremonySecret(bytes("two", 32), idOf(other)) };
      const twice = await makePledge(other.ceremony, fresh);
      const refusal = await refused(held, { ...parts, pledges: parts.pledges.with(0, twice) });
      expect(refusal.code).to.equal("conflict");
      expect(refusal.detail).to.match(/compare the files/);
    });
  });
});

describe("what fewer holders than the threshold have", () => {
  it("fits every secret equally well [N-10]", () => {
    // With t − 1 shares, each secret there is gives exactly one polynomial: here for t = 3.
    const draw = random("secrecy");
    const coefficients = [1, 2, 3].map(() => randomScalar(draw));
    const seen = [1, 4].map((x) => [x, valueAt(coefficients, x)] as const);
    for (let i = 0; i < 20; i++) {
      const claimed = [[0, randomScalar(draw)] as const, ...seen];
      const through = (x: number) =>
        claimed.reduce((sum, [at, value]) => {
          const others = claimed.filter(([other]) => other !== at);
          const weight = others.reduce(
            (w, [other]) =>
              Fn.mul(w, Fn.div(Fn.create(BigInt(x - other)), Fn.create(BigInt(at - other)))),
            1n,
          );
          return Fn.add(sum, Fn.mul(value, weight));
        }, 0n);
      for (const [x, value] of claimed) expect(through(x)).to.equal(value);
    }
  });

  it("is spread alike whatever the secret is, and a leak would be seen [N-10]", () => {
    const draw = random("spread");
    const secrets = [1n, Fn.ORDER - 1n];
    const spread = (secret: bigint, degree: number) =>
      chiSquare(
        Array.from({ length: 3200 }, () => {
          const rest = Array.from({ length: degree }, () => randomScalar(draw));
          return Number(valueAt([secret, ...rest], 1) >> 252n);
        }),
      );
    // 15 degrees of freedom: above 44 once in 10,000 times; the seed is fixed.
    for (const secret of secrets) expect(spread(secret, 1)).to.be.below(44);
    for (const secret of secrets) expect(spread(secret, 0)).to.be.above(1000);
  });

  it("is what the commitments say it is: in points as in scalars", () => {
    const draw = random("points");
    const coefficients = [1, 2, 3].map(() => randomScalar(draw));
    const points = coefficients.map((each) => BASE.multiply(each));
    for (const x of [1, 2, 32]) {
      const expected = BASE.multiply(valueAt(coefficients, x));
      expect(pointAt(points, x).equals(expected)).to.equal(true);
    }
  });
});

type Parts = {
  readonly pledges: readonly SignedPledge[];
  readonly deals: readonly SignedDeal[];
  readonly verdicts: readonly SignedVerdict[];
};

/** Everyone who looks at the parts names the holder; nobody gets a share of them. */
async function blames(held: Held, parts: Parts, liar: number): Promise<void> {
  const { ceremony, owns } = held;
  const { pledges, deals, verdicts } = parts;
  const refusals = [
    await refused(held, parts),
    await refusalOf(() => makeShare(ceremony, owns[0]!, pledges, deals, verdicts, verifier)),
  ];
  for (const refusal of refusals) {
    expect(refusal.code).to.equal("failed-ceremony");
    expect(refusal.detail).to.match(new RegExp(`^holder ${liar}, `));
  }
}

/** The deals, with that of one holder altered and signed by it. */
async function dealtBy(
  { transcript: { deals }, owns }: Held,
  holder: number,
  alter: (deal: SignedDeal) => Parameters<typeof signDeal>[1],
): Promise<readonly SignedDeal[]> {
  const altered = await signDeal(networkId, alter(deals[holder - 1]!), owns[holder - 1]!.signer);
  return deals.with(holder - 1, altered);
}

async function verdictBy(
  { transcript: { verdicts }, owns }: Held,
  holder: number,
  alter: (verdict: SignedVerdict) => Parameters<typeof signVerdict>[1],
): Promise<readonly SignedVerdict[]> {
  const altered = alter(verdicts[holder - 1]!);
  return verdicts.with(holder - 1, await signVerdict(networkId, altered, owns[holder - 1]!.signer));
}

/** What every holder honestly says of the deals. */
function judged(
  { ceremony, owns, transcript: { pledges } }: Held,
  deals: readonly SignedDeal[],
): Promise<SignedVerdict[]> {
  return Promise.all(owns.map((own) => makeVerdict(ceremony, own, pledges, deals, verifier)));
}

function refused({ ceremony }: Held, parts: Parts): Promise<Refusal> {
  return refusalOf(() => checkTranscript(networkId, { plan: ceremony.plan, ...parts }, verifier));
}

function idOf({ ceremony }: Held): Hex {
  return ceremonyId(networkId, ceremony.plan);
}

function holdersOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `holder ${i}`);
}

function publicKeyByOpenssl(privateKey: Uint8Array): Hex {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(privateKey);
  return toHex(ecdh.getPublicKey(undefined, "compressed") as unknown as Uint8Array);
}

/** How far the counts of 16 classes are from being alike. */
function chiSquare(classes: readonly number[]): number {
  const counts = Array.from({ length: 16 }, () => 0);
  for (const each of classes) counts[each]! += 1;
  const expected = classes.length / 16;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
