/** Where the database is, as the configuration says, and how it may be reached: no word of it passes others in the clear. */
import { Refusal } from "../../protocol/refusal.ts";
import { isLoopback } from "../../node/service/listener.ts";

export type DatabaseAddress = {
  /** A name, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string | undefined;
  /** Absent on this machine. An authority's certificate, or those of the system if it is undefined. */
  readonly tls?: { readonly authority: string | undefined };
};

export type Secrets = {
  readonly password?: string | undefined;
  /** A certificate in PEM. */
  readonly authority?: string | undefined;
};

const PORT = 5432;

/**
 * @param url such as postgres://gateway@db.bank.example/gateway1?sslmode=verify-full, or
 *   postgres://gateway@%2Fvar%2Frun%2Fpostgresql/gateway1 for a socket.
 * @throws Refusal `bad-configuration`.
 */
export function parseAddress(url: string, { password, authority }: Secrets): DatabaseAddress {
  const bad = (what: string) => new Refusal("bad-configuration", `store.postgres.url ${what}`);
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw bad("is no postgres: URL");
  if (parsed.password !== "")
    throw bad("has a password: it belongs in store.postgres.passwordFile");
  const host = decodeURIComponent(parsed.hostname);
  const database = decodeURIComponent(parsed.pathname.slice(1));
  const user = decodeURIComponent(parsed.username);
  if (host === "" || database === "" || user === "") throw bad("must name user, host and database");
  const { sslmode, ...others } = Object.fromEntries(parsed.searchParams);
  const [other] = Object.keys(others);
  if (other !== undefined) throw bad(`has a parameter that is not known here: ${other}`);
  if (sslmode !== undefined && sslmode !== "verify-full")
    throw bad(`has sslmode=${sslmode}: verify-full alone says who answers`);
  const isNear = host.startsWith("/") || isLoopback(host);
  if (!isNear && sslmode === undefined)
    throw bad(`leads to ${host}, which is not this machine: add sslmode=verify-full`);
  const port = parsed.port === "" ? PORT : Number(parsed.port);
  const address = { host, port, database, user, password };
  return sslmode === undefined ? address : { ...address, tls: { authority } };
}
