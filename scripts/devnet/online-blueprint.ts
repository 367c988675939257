/**
 * What a devnet has on disk for online payments: the authority by which its gateways know merchants and merchants know
 * them, a shop that banks with one member, and a customer who banks with another.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { createFile, replaceFile } from "../../node/service/durable-file.ts";
import { type CertificateIssuer, makeCertificate } from "./certificates.ts";

/** The shop, as its bank has it, and as customers' screens show it. */
export const SHOP = { member: 1, merchant: "corner-shop", label: "Corner shop" } as const;

/** The customer. Whoever can read the devnet's folder can read the password, too: it protects nothing here. */
export const CUSTOMER = {
  member: 2,
  account: "mira",
  identity: "mira",
  terminal: "mira-phone",
  password: "blue teapot",
} as const;

const AUTHORITY = "merchants' authority of a devnet";

/** Of a gateway's configuration, as paths from it. */
export const gatewayTls = {
  certificate: "merchants.pem",
  key: "keys/merchants.pem",
  authority: "../authority/merchants.pem",
} as const;

/** Paths in a devnet's folder. */
export function onlinePaths(folder: string) {
  return {
    shop: join(folder, "shop", "shop.yaml"),
    /** The certificate that the shop shows. */
    shopCertificate: join(folder, "shop", "shop.pem"),
    customer: join(folder, "customer", "customer.yaml"),
    /** What a gateway sends to its customers' terminals. */
    messages: (member: number) => join(folder, `member${member}`, "messages"),
  };
}

/** Makes certificates, and the configurations of the shop and of the customer. */
export async function drawOnlinePayments(
  folder: string,
  gateways: readonly number[],
  ports: { readonly merchants: readonly number[]; readonly shop: number },
): Promise<void> {
  const { privateKey } = await draw(join(folder, "authority"), "merchants", AUTHORITY);
  const issuer = { name: AUTHORITY, privateKey };
  for (const member of gateways)
    await draw(join(folder, `member${member}`), "merchants", `gateway ${member}`, issuer);
  await draw(join(folder, "shop"), "shop", SHOP.merchant, issuer);
  const paths = onlinePaths(folder);
  await write(paths.shop, {
    network: "../network.json",
    member: SHOP.member,
    bank: `https://127.0.0.1:${ports.merchants[gateways.indexOf(SHOP.member)]}`,
    tls: {
      certificate: "shop.pem",
      key: "keys/shop.pem",
      authority: "../authority/merchants.pem",
    },
    port: ports.shop,
  });
  const { member, identity, terminal, password } = CUSTOMER;
  await mkdir(join(folder, "customer"));
  await createFile(join(folder, "customer", "password"), `${password}\n`);
  await write(paths.customer, {
    network: "../network.json",
    member,
    identity,
    password: "password",
    terminal,
    messages: `../member${member}/messages`,
  });
}

/** A certificate in a folder, its key in the folder's `keys`, which the owner alone may read. */
async function draw(folder: string, file: string, name: string, issuer?: CertificateIssuer) {
  const made = makeCertificate(name, issuer);
  await mkdir(join(folder, "keys"), { recursive: true, mode: 0o700 });
  await createFile(join(folder, "keys", `${file}.pem`), made.key);
  await createFile(join(folder, `${file}.pem`), made.certificate);
  return made;
}

async function write(path: string, content: object): Promise<void> {
  await replaceFile(path, stringify(content));
}
