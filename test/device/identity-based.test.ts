/**
 * Certificates are checked by whatever verifier a purse is given: the PKI of the network unless its maker decides
 * otherwise. Here a maker does: a device's key follows from what its bank says of it, as in implicit certificates
 * (SEC 4, ECQV), so that there is an identity, a point, and no signature to check.
 */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "#sha256";
import { expect } from "chai";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { concat, toHex, utf8 } from "../../protocol/bytes.ts";
import {
  type Certificate,
  type SignedCertificate,
  signCertificate,
} from "../../protocol/certificate.ts";
import { KEY_LENGTH, ownerOf } from "../../protocol/key.ts";
import { message } from "../../protocol/message.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { SIGNATURE_LENGTH, type Verifier } from "../../protocol/signature.ts";
import { enrolment, networkId } from "../support/ledger-parts.ts";
import { refused } from "./support/refused.ts";
import { type Device, exchange, total, World } from "./support/world.ts";

const { BASE, Fn } = p256.Point;
const BANK = 1;

describe("a purse whose maker checks certificates by identity", () => {
  let world: World;
  let ada: Device;
  let ben: Device;
  const keys = new Map<string, NodeSigner>();

  beforeEach(async () => {
    world = new World();
    world.verifier = byIdentity;
    world.signerOf = (name) => keys.get(name)!;
    world.ledger.changeMember(BANK, { issuer: NodeSigner.fromScalar(Fn.toBytes(master)) });
    ada = await device("Ada", 100n);
    ben = await device("Ben", 0n);
  });

  /** A device whose key its bank gave it. */
  async function device(name: string, amount: bigint): Promise<Device> {
    const fields = await world.certificate(name);
    const { key, certificate } = await issued(fields, name);
    keys.set(name, key);
    world.ledger.apply(await enrolment(key, BANK, world.ledger.bank(BANK).issuer));
    const store = new MemoryPurseStore();
    const purse = await world.open(name, BANK, store);
    const owner = ownerOf(key.publicKey);
    const made: Device = {
      name,
      member: BANK,
      class: "software",
      signer: key,
      owner,
      store,
      purse,
    };
    await purse.refresh({ lists: await world.lists(), certificate });
    if (amount > 0n) await purse.refresh({ receipts: await world.load(made, [amount]) });
    return made;
  }

  it("pays and is paid, also on, by keys that follow from what their bank says of them [R-050]", async () => {
    const cleo = await device("Cleo", 0n);
    await exchange(ada, ben, 30n);
    await exchange(ben, cleo, 30n);
    expect([ada, ben, cleo].map(({ purse }) => total(purse))).to.deep.equal([70n, 0n, 30n]);
  });

  it("refuses a key of which its bank says something else, or which is another's [R-050]", async () => {
    const own = ada.purse.identity().certificate!;
    const other = ben.purse.identity().certificate!;
    for (const changed of [{ label: "Bank 1" }, { maxBalance: own.maxBalance - 1n }]) {
      const forged = await withPoint({ ...own, ...changed }, own.signature);
      await refused("bad-signature", ada.purse.refresh({ certificate: forged }));
    }
    const borrowed = await withPoint({ ...other, deviceKey: own.deviceKey }, other.signature);
    await refused("bad-signature", ada.purse.refresh({ certificate: borrowed }));
    expect(ada.purse.identity().certificate!.label).to.equal("");
  });

  it("and one whose maker keeps to signatures refuse each other's certificates, and no money moves [R-050]", async () => {
    world.verifier = new NodeVerifier();
    const { issuer } = world.ledger.bank(BANK);
    const dora = NodeSigner.generate();
    keys.set("Dora", dora);
    const signed = { ...(await world.certificate("Dora")), deviceKey: dora.publicKey };
    const certificate = await signCertificate(networkId, signed, issuer);
    const purse = await world.open("Dora", BANK, new MemoryPurseStore());
    await purse.refresh({ lists: await world.lists(), certificate });
    await refused("bad-signature", ada.purse.pay(await purse.request(10n)));
    await refused("bad-signature", purse.pay(await ada.purse.request(10n)));
    expect(total(ada.purse)).to.equal(100n);
  });
});

/** The bank's own secret; its issuer key is the public half. */
const master = scalarOf("the master secret of bank 1");

/** Q = e·P + issuer, with e over everything that the certificate says besides the key Q. */
const byIdentity: Verifier = {
  isKey: (key) => signatures.isKey(key),
  verify(publicKey, said, signature) {
    if (!isCertificate(said)) return signatures.verify(publicKey, said, signature);
    const point = signature.subarray(0, KEY_LENGTH);
    if (!signatures.isKey(point)) return false;
    const { key, identity } = parts(said);
    const derived = p256.Point.fromBytes(point)
      .multiply(weight(identity, point))
      .add(p256.Point.fromBytes(publicKey));
    return p256.Point.fromBytes(key).equals(derived);
  },
};
const signatures = new NodeVerifier();

/** What device and bank do together: each adds a secret, and neither could have made the key alone. */
async function issued(fields: Certificate, name: string) {
  const [ofDevice, ofBank] = [scalarOf(`${name}'s own`), scalarOf(`the bank's for ${name}`)];
  const point = BASE.multiply(Fn.add(ofDevice, ofBank)).toBytes(true);
  const { body } = await withPoint(fields, point);
  const e = weight(parts(message("certificate", networkId, body)).identity, point);
  const share = Fn.add(Fn.mul(e, ofBank), master);
  const key = NodeSigner.fromScalar(Fn.toBytes(Fn.add(Fn.mul(e, ofDevice), share)));
  return { key, certificate: await withPoint({ ...fields, deviceKey: key.publicKey }, point) };
}

/** A certificate with a point where others have a signature. */
function withPoint(fields: Certificate, point: Uint8Array): Promise<SignedCertificate> {
  const padded = new Uint8Array(SIGNATURE_LENGTH);
  padded.set(point.subarray(0, KEY_LENGTH));
  return signCertificate(networkId, fields, {
    publicKey: fields.deviceKey,
    sign: async () => padded,
  });
}

/** What every message over a certificate begins with. */
const HEAD = message("certificate", networkId, new Uint8Array());

function isCertificate(said: Uint8Array): boolean {
  return Buffer.from(said).subarray(0, HEAD.length).equals(HEAD);
}

/** The key in a message over a certificate, and all the rest. */
function parts(said: Uint8Array) {
  const key = said.subarray(HEAD.length, HEAD.length + KEY_LENGTH);
  return { key, identity: concat(HEAD, said.subarray(HEAD.length + KEY_LENGTH)) };
}

function weight(identity: Uint8Array, point: Uint8Array): bigint {
  return scalarOf(concat(identity, point));
}

function scalarOf(what: string | Uint8Array): bigint {
  const bytes = sha256(typeof what === "string" ? utf8.encode(what) : what);
  return Fn.create(BigInt(toHex(bytes)));
}
