/** The gateway's configuration as its file has it, with paths of the machine: those of the file start from its folder. */
import { dirname, resolve } from "node:path";
import { loadConfig } from "../node/service/config-file.ts";
import { type TlsFiles, tlsPaths } from "../node/service/tls-files.ts";
import { relayPaths } from "./authorization/relay-files.ts";
import type { BankingConfig } from "./banking/config.ts";
import { type GatewayConfig, GatewayConfigSchema } from "./config.ts";

/** @throws Refusal `bad-configuration`, naming file, line and column. */
export async function loadGatewayConfig(path: string): Promise<GatewayConfig> {
  return withPaths(await loadConfig(path, GatewayConfigSchema), dirname(path));
}

function isUrl(source: string): boolean {
  return /^https?:/.test(source);
}

function withPaths(config: GatewayConfig, folder: string): GatewayConfig {
  const at = (path: string) => resolve(folder, path);
  const { keys, authority, pages, log } = config;
  const { lists } = authority;
  return {
    ...config,
    network: at(config.network),
    ...(config.data === undefined ? {} : { data: at(config.data) }),
    ...(config.store === undefined ? {} : { store: withStorePaths(config.store, at) }),
    peers: withTlsPaths(config.peers, at),
    ...(pages === undefined ? {} : { pages: at(pages) }),
    keys: Object.fromEntries(
      Object.entries(keys).map(([use, file]) => [use, at(file)]),
    ) as GatewayConfig["keys"],
    authority: { ...authority, lists: isUrl(lists) ? lists : at(lists) },
    ...(config.nodeTls === undefined ? {} : { nodeTls: tlsPaths(config.nodeTls, at) }),
    accounts: withCorePaths(config.accounts, at),
    ...(config.banking === undefined ? {} : { banking: withBankingPaths(config.banking, at) }),
    devices: withTlsPaths(config.devices, at),
    staff: withTokenPaths(withTlsPaths(config.staff, at), at),
    merchants: withTlsPaths(config.merchants, at),
    management: withTlsPaths(config.management, at),
    authorization: { ...config.authorization, relays: relayPaths(config.authorization.relays, at) },
    log: log.file === undefined ? log : { ...log, file: at(log.file) },
  };
}

function withTlsPaths<S extends { readonly tls?: TlsFiles }>(
  section: S,
  at: (path: string) => string,
): S {
  return section.tls === undefined ? section : { ...section, tls: tlsPaths(section.tls, at) };
}

function withStorePaths(
  { postgres }: NonNullable<GatewayConfig["store"]>,
  at: (path: string) => string,
): NonNullable<GatewayConfig["store"]> {
  const { passwordFile, authority, ...rest } = postgres;
  return {
    postgres: {
      ...rest,
      ...(passwordFile === undefined ? {} : { passwordFile: at(passwordFile) }),
      ...(authority === undefined ? {} : { authority: at(authority) }),
    },
  };
}

function withCorePaths(
  { core, ...accounts }: GatewayConfig["accounts"],
  at: (path: string) => string,
): GatewayConfig["accounts"] {
  return core === undefined ? accounts : { ...accounts, core: withTlsPaths(core, at) };
}

function withTokenPaths(
  staff: GatewayConfig["staff"],
  at: (path: string) => string,
): GatewayConfig["staff"] {
  const { tokens } = staff;
  if (tokens === undefined || isUrl(tokens.keys)) return staff;
  return { ...staff, tokens: { ...tokens, keys: at(tokens.keys) } };
}

function withBankingPaths(
  { folder, schemas, ...banking }: BankingConfig,
  at: (path: string) => string,
): BankingConfig {
  return {
    ...banking,
    ...(folder === undefined ? {} : { folder: at(folder) }),
    ...(schemas === undefined ? {} : { schemas: at(schemas) }),
  };
}
