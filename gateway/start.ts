/** Starts a gateway from its configuration file: reads what the file names, takes the data folder, and runs. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { sealingKeyOf } from "../protocol/hpke.ts";
import { parseNetworkFile } from "../protocol/network-file.ts";
import { NodeVerifier } from "../protocol/p256-node.ts";
import { systemRandom } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import { NodeClient } from "../node/client.ts";
import { loadConfig } from "../node/service/config-file.ts";
import { DataFolder } from "../node/service/data-folder.ts";
import { loadKeyFile } from "../node/service/key-file.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import { makeLogger, Metrics } from "../node/service/telemetry.ts";
import { type GatewayConfig, GatewayConfigSchema } from "./config.ts";
import { Gateway } from "./gateway.ts";

export type RunningGateway = {
  readonly gateway: Gateway;
  /** Stops the gateway and lets go of its folder. */
  stop(): Promise<void>;
};

/**
 * @throws Refusal naming what the operator must mend: `bad-configuration`, `exposed-key`, `wrong-network`,
 *   `wrong-folder`, `in-use`. Nothing runs then.
 */
export async function startGateway(configPath: string): Promise<RunningGateway> {
  const config = withPaths(await loadConfig(configPath, GatewayConfigSchema), dirname(configPath));
  const running = new AsyncDisposableStack();
  try {
    const network = parseNetworkFile((await read(config.network)).toString("utf8"));
    const keys = await loadKeys(config.keys);
    const folder = running.use(
      await DataFolder.open(config.data, { kind: "gateway", networkId: network.networkId }),
    );
    const { level, file } = config.log;
    const gateway = new Gateway(
      {
        network,
        keys,
        store: running.use(await folder.openStore("gateway")),
        node: new NodeClient({ url: config.node }),
        verifier: new NodeVerifier(),
        random: systemRandom,
        clock: Date.now,
        logger: makeLogger({ name: "gateway", level, ...(file === undefined ? {} : { file }) }),
        metrics: new Metrics({ process: true }),
      },
      { ...config, tls: await loadTls(config) },
    );
    await gateway.start();
    running.use(gateway);
    return { gateway, stop: () => running.disposeAsync() };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** Paths of the file as paths of the machine. */
function withPaths(config: GatewayConfig, folder: string): GatewayConfig {
  const at = (path: string) => resolve(folder, path);
  const { keys, authority, log } = config;
  const { lists } = authority;
  return {
    ...config,
    network: at(config.network),
    data: at(config.data),
    keys: { issuer: at(keys.issuer), treasury: at(keys.treasury), intake: at(keys.intake) },
    authority: { ...authority, lists: /^https?:/.test(lists) ? lists : at(lists) },
    devices: withTlsPaths(config.devices, at),
    staff: withTlsPaths(config.staff, at),
    log: log.file === undefined ? log : { ...log, file: at(log.file) },
  };
}

function withTlsPaths<S extends { readonly tls?: TlsMaterial }>(
  section: S,
  at: (path: string) => string,
): S {
  if (section.tls === undefined) return section;
  const { certificate, key, authority } = section.tls;
  const tls = { certificate: at(certificate), key: at(key), authority: at(authority) };
  return { ...section, tls };
}

async function loadKeys(paths: GatewayConfig["keys"]) {
  const issuer = await loadKeyFile(paths.issuer, "P-256");
  const treasury = await loadKeyFile(paths.treasury, "P-256");
  const intake = await loadKeyFile(paths.intake, "P-256");
  return { issuer, treasury, intake: sealingKeyOf(intake.reveal()) };
}

async function loadTls({ devices, staff }: GatewayConfig) {
  return {
    ...(devices.tls === undefined ? {} : { devices: await readTls(devices.tls) }),
    ...(staff.tls === undefined ? {} : { staff: await readTls(staff.tls) }),
  };
}

async function readTls(paths: TlsMaterial): Promise<TlsMaterial> {
  const text = async (path: string) => (await read(path)).toString("utf8");
  return {
    certificate: await text(paths.certificate),
    key: await text(paths.key),
    authority: await text(paths.authority),
  };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}
