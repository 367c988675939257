/** A node as a process: what its configuration names is read, and it runs. */
import { dirname, resolve } from "node:path";
import { parseNetworkFile } from "../protocol/network-file.ts";
import { type NodeConfig, NodeConfigSchema } from "./config.ts";
import { Node, type NodeParts } from "./node.ts";
import { loadConfig } from "./service/config-file.ts";
import { readGivenText } from "./service/given-file.ts";
import { loadKeyFile } from "./service/key-file.ts";
import type { KeyKind, StoredKey } from "./service/stored-key.ts";
import { type Logger, makeLogger, Metrics } from "./service/telemetry.ts";
import { loadToken } from "./service/token-file.ts";
import { readTls, tlsPaths } from "./service/tls-files.ts";

export class NodeProcess {
  readonly logger: Logger;
  readonly #config: NodeConfig;
  #node: Node | undefined;

  private constructor(config: NodeConfig) {
    this.#config = config;
    const { member, log } = config;
    const name = member === undefined ? "observer" : `node ${member}`;
    const { level, file } = log;
    this.logger = makeLogger({ name, level, ...(file === undefined ? {} : { file }) });
  }

  /** @param path of the configuration. @throws Refusal `bad-configuration`, naming file, line and column. */
  static async load(path: string): Promise<NodeProcess> {
    return new NodeProcess(withPaths(await loadConfig(path, NodeConfigSchema), dirname(path)));
  }

  /**
   * @param signal aborted when it is no longer wanted.
   * @throws Refusal naming what the operator must mend: `bad-configuration`, `exposed-key`, `wrong-network`,
   *   `wrong-folder`, `in-use`; Error on what the world did.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { network, keys, api, console } = this.#config;
    this.#node = new Node(
      {
        network: parseNetworkFile(await readGivenText(network)),
        keys: await loadKeys(keys),
        logger: this.logger,
        metrics: new Metrics({ process: true }),
      },
      {
        ...this.#config,
        api: { ...api, tls: api.tls && (await readTls(api.tls)) },
        console: console && {
          ...console,
          token: await loadToken(console.token),
          tls: console.tls && (await readTls(console.tls)),
        },
      },
    );
    await this.#node.start(signal);
  }

  async stop(): Promise<void> {
    await this.#node?.stop();
  }

  urls(): { readonly api: string; readonly console?: string } {
    const { url: api, consoleUrl } = this.#node!;
    return consoleUrl === undefined ? { api } : { api, console: consoleUrl };
  }

  /** Rejects when it cannot go on. */
  get failed(): Promise<never> {
    return this.#node!.failed;
  }
}

/** Paths of the file as paths of the machine. */
function withPaths(config: NodeConfig, folder: string): NodeConfig {
  const at = (path: string) => resolve(folder, path);
  const { keys, api, console, log } = config;
  return {
    ...config,
    network: at(config.network),
    data: at(config.data),
    keys: Object.fromEntries(
      Object.entries(keys).map(([use, file]) => [use, at(file)]),
    ) as NodeConfig["keys"],
    api: api.tls === undefined ? api : { ...api, tls: tlsPaths(api.tls, at) },
    ...(console === undefined ? {} : { console: consolePaths(console, at) }),
    log: log.file === undefined ? log : { ...log, file: at(log.file) },
  };
}

function consolePaths(
  { tls, ...face }: NonNullable<NodeConfig["console"]>,
  at: (path: string) => string,
): NonNullable<NodeConfig["console"]> {
  const token = at(face.token);
  return tls === undefined ? { ...face, token } : { ...face, token, tls: tlsPaths(tls, at) };
}

async function loadKeys(paths: NodeConfig["keys"]): Promise<NodeParts["keys"]> {
  const load = async (path: string | undefined, kind: KeyKind): Promise<StoredKey | undefined> =>
    path === undefined ? undefined : await loadKeyFile(path, kind);
  return {
    peer: await loadKeyFile(paths.peer, "Ed25519"),
    validator: await load(paths.validator, "secp256k1"),
    nextValidator: await load(paths.nextValidator, "secp256k1"),
    operator: await load(paths.operator, "secp256k1"),
  };
}
