/**
 * The vectors of the formats, good and bad, as they are published with the specification. A device refuses
 * the bad ones as no message, and the good ones, which are for others, for what they say.
 */
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import type { Case } from "../case.ts";
import { check, Finding } from "../finding.ts";
import { Seed } from "../seed.ts";
import { SubjectRefusal } from "../subject.ts";
import { FORM, type Trial } from "../trial.ts";

export type Vector = { readonly name: string; readonly bytes: Hex };

export type VectorSet = {
  readonly good: readonly Vector[];
  readonly bad: readonly (Vector & { readonly expected: { readonly code: string } })[];
};

/** The vectors of what devices read. */
export type DeviceVectors = {
  readonly certificates: VectorSet;
  readonly receipts: VectorSet;
  readonly revocations: VectorSet;
  readonly trust: VectorSet;
  readonly requests: VectorSet;
  readonly confirmations: VectorSet;
  readonly bundles: VectorSet;
};

/** Whose network all vectors are of. */
const VECTORS = new Seed("tallystick/vectors");

export function vectorCases(vectors: DeviceVectors): Case[] {
  return [
    refusing("requests", vectors.requests, ({ subject }, bytes) => subject.pay(bytes)),
    refusing("confirmations", vectors.confirmations, ({ subject }, bytes) =>
      subject.confirm(bytes),
    ),
    refusing("certificates", vectors.certificates, ({ subject }, bytes) =>
      subject.refresh({ certificate: { bytes } }),
    ),
    refusing("receipts", vectors.receipts, ({ subject }, bytes) =>
      subject.refresh({ receipts: [{ bytes }] }),
    ),
    refusing("bundles", vectors.bundles, async (trial, bytes) => {
      const payer = await trial.party("payer");
      const inside = payer.plaintext(bytes);
      await trial.subject.receive(await payer.sealBytes(await trial.request(30n), inside));
    }),
    passingOver("revocations", vectors.revocations),
    passingOver("trust", vectors.trust),
  ];
}

/** A case of a structure that the device refuses, be it good or bad. */
function refusing(
  structure: string,
  { good, bad }: VectorSet,
  give: (trial: Trial, bytes: Uint8Array) => Promise<unknown>,
): Case {
  return {
    name: `vectors-${structure}`,
    rules: ["D1"],
    title: `refuses each bad vector of ${structure} as no message, and no good one as that`,
    async run(trial) {
      const world = trial.elsewhere(VECTORS);
      await world.start();
      for (const { name, bytes, expected } of bad) {
        const codes = FORM.includes(expected.code as RefusalCode) ? FORM : "any";
        await naming(name, () => world.refuses(codes, () => give(world, fromHex(bytes))));
      }
      for (const { name, bytes } of good) {
        const outcome = await world.outcome(() => give(world, fromHex(bytes)));
        const isForm = outcome instanceof SubjectRefusal && FORM.includes(outcome.refusal.code);
        check(!isForm, `"${name}" is a good vector, which is refused for what it says alone`);
      }
    },
  };
}

/** A case of a list: what is not in order is passed over. */
function passingOver(kind: "revocations" | "trust", { bad }: VectorSet): Case {
  return {
    name: `vectors-${kind}`,
    rules: ["D1", "D17"],
    title: `learns nothing from a bad vector of a ${kind === "trust" ? "trust" : "revocation"} list`,
    async run(trial) {
      const world = trial.elsewhere(VECTORS);
      await world.start();
      const { versions } = await world.request(1n);
      for (const { bytes } of bad) await world.learnsNothing(kind, fromHex(bytes));
      const now = (await world.request(1n)).versions;
      check(JSON.stringify(now) === JSON.stringify(versions), "it holds the lists that it held");
    },
  };
}

/** Says of which vector a finding is. */
async function naming(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    throw new Finding(`"${name}" is a bad vector: ${error.message}`);
  }
}
