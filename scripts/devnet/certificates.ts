/**
 * X.509 certificates for mutual TLS on one machine: a root, and certificates by it (RFC 5280). DER by hand, of the one
 * shape that is needed here, so that a devnet takes no program and no library. An institution has an authority of its
 * own, and none of this.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export type Certificate = {
  /** In PEM, and so is its private key. */
  readonly certificate: string;
  readonly key: string;
  readonly privateKey: KeyObject;
};

/** What a root signs with, under its name. */
export type CertificateIssuer = { readonly name: string; readonly privateKey: KeyObject };

const DAY_MS = 86_400_000;
/** A network in a folder is started again years later, and nobody renews what is in it. */
const LIFE_MS = 3_650 * DAY_MS;

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));

/** A root that signs itself, or with `issuer` a certificate of a server and client called localhost. */
export function makeCertificate(name: string, issuer?: CertificateIssuer): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const validity = sequence(utcTime(now - DAY_MS), utcTime(now + LIFE_MS));
  const extensions = issuer === undefined ? basicConstraints() : subjectAltName();
  const body = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(1, ...randomBytes(8))),
    ECDSA_WITH_SHA256,
    commonName(issuer?.name ?? name),
    validity,
    commonName(name),
    publicKey.export({ format: "der", type: "spki" }),
    tagged(0xa3, sequence(extensions)),
  );
  const signature = sign("sha256", body, issuer?.privateKey ?? privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Uint8Array.of(0), signature));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
    privateKey,
  };
}

/** CA: true. */
function basicConstraints(): Buffer {
  const value = sequence(tagged(0x01, Uint8Array.of(0xff)));
  return sequence(oid("551d13"), tagged(0x01, Uint8Array.of(0xff)), tagged(0x04, value));
}

function subjectAltName(): Buffer {
  const names = sequence(
    tagged(0x82, Buffer.from("localhost")),
    tagged(0x87, Uint8Array.of(127, 0, 0, 1)),
  );
  return sequence(oid("551d11"), tagged(0x04, names));
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(name)))));
}

/** Before 2050: two digits of the year. */
function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}

function integer(bytes: Uint8Array): Buffer {
  return tagged(0x02, bytes);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(head), content]);
}
