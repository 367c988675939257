/** The presentation of a payment: what it proves with the network file alone, and to whom. */
import { expect } from "chai";
import { placeIn, stateRootOver } from "../../node/ledger/state-root.ts";
import { compareBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import { type SignedCertificate, signCertificate } from "../../protocol/certificate.ts";
import { type Checkpoint, checkpointDigest, appliedRootOf } from "../../protocol/checkpoint.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { merkleRoot } from "../../protocol/merkle.ts";
import { orderSignatures } from "../../protocol/quorum.ts";
import {
  checkPresentation,
  formatPresentation,
  parsePresentation,
  type Presentation,
} from "../../protocol/presentation.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { signShowing } from "../../protocol/showing.ts";
import {
  BUCKETS,
  bucketOf,
  encodeStateEntry,
  stateKey,
  stateLeaf,
} from "../../protocol/state-entry.ts";
import { signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import { certificateFields } from "../../scripts/vectors/parties.ts";
import { evidenceNetwork, MEMBERS } from "../support/evidence.ts";
import { TestLedger } from "../support/ledger.ts";
import { idOf, keyOf, networkId, pay, spend } from "../support/ledger-parts.ts";
import { validatorKey } from "../support/network.ts";
import { refusalFrom } from "./support/vectors.ts";

const WORDS = "Tax office, file 77, number 4031";
const verifier = new NodeVerifier();
const trusted = new Set(MEMBERS.map((member) => validatorAddress(validatorKey(member))));

describe("the presentation of a payment", () => {
  const [ada, shop, mallory] = [keyOf("ada"), keyOf("shop"), keyOf("mallory")];
  let ledger: TestLedger;
  let payment: SignedRecord;
  let signed: Pick<Presentation["payment"]["settlement"], "checkpoint" | "signatures">;
  let named: SignedCertificate;
  let presentation: Presentation;

  before(async () => {
    ledger = new TestLedger(1, 2);
    for (const [name, member] of [
      ["ada", 1],
      ["shop", 2],
    ] as const)
      await ledger.enrol(name, member);
    const coin = await ledger.coin(pay(ada, 1, 100n));
    payment = await spend({
      signer: ada,
      inputs: [coin],
      outputs: [pay(shop, 2, 30n), pay(ada, 1, 70n)],
    });
    ledger.apply(payment);
    signed = settle(ledger, payment);
    named = await certificateOf(shop, 2, "Café Zur Post");
    presentation = await shownBy(ada, [named]);
  });

  /** The end of a cycle in which this record alone applied, signed by a quorum. */
  function settle({ state }: TestLedger, record: SignedRecord) {
    const checkpoint: Checkpoint = {
      number: 7,
      seq: state.seq,
      applied: 1,
      appliedRoot: toHex(appliedRootOf([idOf(record)])),
      supply: 100n,
      positions: [],
      stateRoot: stateRootOver(state.entries()),
    };
    const { chainId, contracts, networkId: id } = evidenceNetwork;
    const domain = { chainId: BigInt(chainId), settlement: contracts.settlement, networkId: id };
    const digest = checkpointDigest(domain, checkpoint);
    const keys = MEMBERS.slice(0, 3).map(validatorKey);
    const signatures = orderSignatures(
      new Map(keys.map((key) => [validatorAddress(key), signTypedDigest(key, digest)])),
    ).map(toHex);
    return { checkpoint, signatures };
  }

  const claims = {
    validators: {
      cycle: 7,
      atBlock: 13,
      members: MEMBERS.map((member) => ({
        member,
        name: `Bank ${member}`,
        address: validatorAddress(validatorKey(member)),
      })),
    },
  };

  const issuerOf = (member: number) => {
    const buckets = Array.from({ length: BUCKETS }, (): [Uint8Array, Uint8Array][] => []);
    for (const entry of ledger.state.entries()) {
      const [key, value] = encodeStateEntry(entry);
      buckets[bucketOf(key)]!.push([key, value]);
    }
    for (const rows of buckets) rows.sort(([a], [b]) => compareBytes(a, b));
    const roots = buckets.map((rows) => merkleRoot(rows.map((row) => stateLeaf(...row))));
    const key = stateKey.member(member);
    const entry = placeIn(key, buckets[bucketOf(key)]!, roots)!;
    return { networkId: toHex(networkId), ...entry, ...signed, claims };
  };

  const certificateOf = (device: NodeSigner, member: number, label: string, issuer = member) =>
    signCertificate(
      networkId,
      { ...certificateFields, deviceKey: device.publicKey, member, label },
      ledger.bank(issuer).issuer,
    );

  async function shownBy(
    party: NodeSigner,
    certificates: readonly SignedCertificate[],
    id: Hex = idOf(payment),
  ): Promise<Presentation> {
    const ascending = certificates.toSorted((a, b) => compareBytes(a.deviceKey, b.deviceKey));
    const fields = { id, time: 5, words: WORDS, certificates: ascending };
    const members = [...new Set(certificates.map(({ member }) => member))].sort((a, b) => a - b);
    return {
      showing: await signShowing(networkId, fields, party),
      payment: {
        networkId: toHex(networkId),
        record: toHex(payment.bytes),
        settlement: { index: 0, path: [], ...signed },
        claims,
      },
      issuers: members.map(issuerOf),
    };
  }

  const check = (shown: Presentation, words = WORDS, set?: ReadonlySet<Hex>) =>
    checkPresentation(shown, words, evidenceNetwork, verifier, set);

  it("shows amount, time, that it settled, and the parties by their banks' names, offline [N-22, R-087]", async () => {
    const found = check(presentation);
    expect(found.shownBy).to.include({ role: "payer", time: 5 });
    expect(found.record.outputs[0]!.amount).to.equal(30n);
    expect([found.cycle, found.standing]).to.deep.equal([7, "by-named-validators"]);
    expect(found.named.map(({ role, label }) => [role, label])).to.deep.equal([
      ["payee", "Café Zur Post"],
    ]);
    expect(check(presentation, WORDS, trusted).standing).to.equal("by-trusted-validators");
    const both = await shownBy(shop, [named, await certificateOf(ada, 1, "Ada's stall")]);
    const labels = check(both).named.map(({ role, label }) => `${role} ${label}`);
    expect(labels.sort()).to.deep.equal(["payee Café Zur Post", "payer Ada's stall"]);
    expect(check(both).shownBy.role).to.equal("payee");
    expect(check(await shownBy(shop, [])).named).to.deep.equal([]);
  });

  it("is for whoever said the words, and shows nothing to anybody else", () => {
    const refusal = refusalFrom(() => check(presentation, "the tax office, number 4032"));
    expect(refusal.code).to.equal("not-for-us");
    expect(refusal.message).to.contain("number 4031");
  });

  it("is shown by a party alone, of that payment alone, and names no one else [R-087]", async () => {
    const stolen = { ...presentation.showing, deviceKey: mallory.publicKey };
    const wrong: [string, Presentation][] = [
      ["bad-proof", await shownBy(mallory, [])],
      ["bad-proof", await shownBy(ada, [], `0x${"77".repeat(32)}`)],
      ["bad-signature", { ...presentation, showing: stolen }],
      ["bad-proof", await shownBy(ada, [await certificateOf(mallory, 2, "Another shop")])],
      ["bad-signature", await shownBy(ada, [await certificateOf(shop, 2, "Treasury", 1)])],
    ];
    for (const [code, shown] of wrong) expect(refusalFrom(() => check(shown)).code).to.equal(code);
  });

  it("takes the issuers' keys from the state that was settled, each member's once [R-085]", async () => {
    const [issuer] = presentation.issuers;
    const coin = { ...issuer!, key: toHex(stateKey.parameters()) };
    const wrong: [string, Presentation["issuers"]][] = [
      ["bad-proof", []],
      ["bad-proof", [issuerOf(1)]],
      ["bad-proof", [issuer!, issuer!]],
      ["bad-proof", [issuerOf(1), issuer!]],
      ["malformed", [coin]],
      ["bad-proof", [{ ...issuer!, value: issuerOf(1).value }]],
    ];
    for (const [code, issuers] of wrong)
      expect(refusalFrom(() => check({ ...presentation, issuers })).code).to.equal(code);
  });

  it("is read as it was written, and refused where a field is missing, unknown or of another form", () => {
    const text = formatPresentation(presentation);
    expect(formatPresentation(parsePresentation(text))).to.equal(text);
    const altered = (change: (file: Record<string, any>) => void) => {
      const file = JSON.parse(text) as Record<string, any>;
      change(file);
      return () => parsePresentation(JSON.stringify(file));
    };
    const wrong: [string, () => unknown][] = [
      ["malformed", altered((file) => delete file["showing"])],
      ["malformed", altered((file) => (file["more"] = 1))],
      ["malformed", altered((file) => (file["showing"] = "0x01"))],
      ["unsupported-version", altered((file) => (file["showing"] = "0x0202"))],
      ["malformed", altered((file) => (file["payment"].more = 1))],
      ["malformed", altered((file) => delete file["issuers"][0].place)],
      ["malformed", altered((file) => (file["issuers"] = Array(3).fill(file["issuers"][0])))],
      ["malformed", altered((file) => (file["format"] = "tallystick statement of a payment"))],
      ["unsupported-version", altered((file) => (file["version"] = 2))],
      ["too-large", () => parsePresentation(" ".repeat(4 * 1024 * 1024 + 1))],
    ];
    for (const [code, act] of wrong) expect(refusalFrom(act).code).to.equal(code);
  });
});
