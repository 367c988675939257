/** The database that a configuration names, with the secrets from its files. */
import { readGivenText, readPrivateText } from "../../node/service/given-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { GatewayConfig } from "../config.ts";
import { parseAddress } from "./address.ts";
import { Database } from "./database.ts";
import { GATEWAYS, SharedStore, type SharedStoreOptions, type StoreOwner } from "./shared-store.ts";

export type PostgresConfig = NonNullable<GatewayConfig["store"]>["postgres"];

/** How the connections of a move are called, which are no gateway's. */
const MOVER = "tallystick move-store";
/** Characters of a password. */
const PASSWORD_MAX = 1_024;

/** @throws Refusal `bad-configuration`, `exposed-key`. */
export async function openShared(
  { url, passwordFile, authority }: PostgresConfig,
  owner: StoreOwner,
  logger: Logger,
  options: SharedStoreOptions = {},
): Promise<SharedStore> {
  const address = parseAddress(url, {
    password:
      passwordFile === undefined
        ? undefined
        : (await readPrivateText(passwordFile, PASSWORD_MAX)).trimEnd(),
    authority: authority === undefined ? undefined : await readGivenText(authority),
  });
  const purpose = options.isMoving === true ? MOVER : `${GATEWAYS} ${owner.member}`;
  return new SharedStore(new Database(address, purpose), owner, logger, options);
}
