/** What an operator names for mutual TLS: three PEM files, of a certificate, its key, and the authority of the other side. */
import { createSecureContext } from "node:tls";
import { type Static, Type } from "typebox";
import { Refusal } from "../../protocol/refusal.ts";
import { readGivenText, readPrivateText } from "./given-file.ts";
import type { TlsMaterial } from "./listener.ts";

const file = (description: string) => Type.String({ minLength: 1, description });

/** @param description when it is needed. */
export const tlsFiles = (description: string) =>
  Type.Object(
    {
      certificate: file("PEM file of the certificate that is shown"),
      key: file("PEM file of its key"),
      authority: file("PEM file of the authority whose certificates the other side holds"),
    },
    { additionalProperties: false, description },
  );

export type TlsFiles = Static<ReturnType<typeof tlsFiles>>;

/** A key and its chain of certificates have some kilobytes. */
const KEY_SIZE_MAX = 65_536;

/** Their paths as paths of the machine. */
export function tlsPaths(
  { certificate, key, authority }: TlsFiles,
  at: (path: string) => string,
): TlsFiles {
  return { certificate: at(certificate), key: at(key), authority: at(authority) };
}

/** @throws Refusal `exposed-key` if others may read the key; `bad-configuration` if they are no such files. */
export async function readTls(files: TlsFiles): Promise<TlsMaterial> {
  const certificate = await readGivenText(files.certificate);
  const key = await readPrivateText(files.key, KEY_SIZE_MAX);
  const authority = await readGivenText(files.authority);
  try {
    createSecureContext({ cert: certificate, key, ca: authority });
  } catch (error) {
    const { certificate: shown, key: its, authority: by } = files;
    const why = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Refusal(
      "bad-configuration",
      `${shown}, ${its} and ${by} are not a certificate, its key and an authority (${why})`,
    );
  }
  return { certificate, key, authority };
}
