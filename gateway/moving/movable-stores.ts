/** Takes the two stores of a move by their locks, as two configurations of one gateway name them. */
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { DataFolder } from "../../node/service/data-folder.ts";
import { readGivenText } from "../../node/service/given-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { GatewayConfig } from "../config.ts";
import { openShared, type PostgresConfig } from "../postgres/open.ts";
import { STORE } from "../store.ts";
import { type MovableStore, moveStore, type Rows } from "./store-move.ts";

/**
 * Moves the store that one configuration names to where another does.
 * @throws Refusal `bad-configuration`, `wrong-network`, `wrong-folder`, `in-use`, and those of `moveStore`.
 */
export async function moveBetween(
  from: GatewayConfig,
  to: GatewayConfig,
  logger: Logger,
): Promise<Rows> {
  const [here, there] = [await networkOf(from), await networkOf(to)];
  if (here !== there)
    throw new Refusal("wrong-network", `one configuration is of ${here}, the other of ${there}`);
  if (from.member !== to.member)
    throw new Refusal(
      "bad-configuration",
      `one configuration is member ${from.member}'s, the other member ${to.member}'s`,
    );
  await using opened = new AsyncDisposableStack();
  const source = await openStore(from, here, logger, opened);
  return await moveStore(source, await openStore(to, here, logger, opened));
}

async function networkOf({ network }: GatewayConfig): Promise<Hex> {
  return parseNetworkFile(await readGivenText(network)).networkId;
}

async function openStore(
  { data, store, member }: GatewayConfig,
  networkId: Hex,
  logger: Logger,
  opened: AsyncDisposableStack,
): Promise<MovableStore> {
  if (data !== undefined && store === undefined) return openFolder(data, networkId, opened);
  if (store !== undefined && data === undefined)
    return openDatabase(store.postgres, { networkId, member }, logger, opened);
  throw new Refusal("bad-configuration", "say either data or store in each configuration");
}

async function openFolder(
  path: string,
  networkId: Hex,
  opened: AsyncDisposableStack,
): Promise<MovableStore> {
  const folder = opened.use(
    await DataFolder.open(path, { kind: "gateway", networkId, isMoving: true }),
  );
  const store = opened.use(await folder.openStore(STORE));
  return {
    place: path,
    isShared: false,
    store,
    move: folder.move,
    setMove: (mark) => folder.setMove(mark),
  };
}

async function openDatabase(
  postgres: PostgresConfig,
  owner: { readonly networkId: Hex; readonly member: number },
  logger: Logger,
  opened: AsyncDisposableStack,
): Promise<MovableStore> {
  const shared = await openShared(postgres, owner, logger, { isMoving: true });
  opened.defer(() => shared.close());
  const lead = await shared.lead();
  if (lead !== undefined) opened.use(lead);
  const place = `the database ${shared.place}`;
  if (lead === undefined) throw new Refusal("in-use", `another process holds ${place}`);
  const gateways = await shared.countGateways();
  if (gateways > 0)
    throw new Refusal("in-use", `gateways are connected to ${place}, ${gateways} processes`);
  return {
    place,
    isShared: true,
    store: lead.store,
    move: lead.move,
    setMove: (mark) => lead.setMove(mark),
  };
}
