/** A holder's service as a process: what its configuration names is read, compared with the chain, and served. */
import { dirname, join, resolve } from "node:path";
import { fromHex } from "../../protocol/bytes.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import { systemRandom } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { readDisclosure, readEpoch } from "../chain/audit-log.ts";
import { ContractReader } from "../chain/reader.ts";
import { ChainRpc } from "../chain/rpc.ts";
import { loadConfig } from "../service/config-file.ts";
import { readGivenText } from "../service/given-file.ts";
import { HttpServer } from "../service/http-server.ts";
import { type Logger, makeLogger, Metrics } from "../service/telemetry.ts";
import { readTls, tlsPaths } from "../service/tls-files.ts";
import { AnswerLog } from "./answer-log.ts";
import { type AuditConfig, AuditConfigSchema } from "./config.ts";
import { Holder } from "./holder.ts";
import { holderRoutes } from "./routes.ts";
import { type HeldShare, loadShares } from "./shares.ts";

const TIMEOUT_MS = 10_000;
const VERSION = "0.1.0";

export class AuditProcess {
  readonly logger: Logger;
  /** Nothing that is asked can end it: it keeps no state but what is written down. */
  readonly failed = new Promise<never>(() => undefined);
  readonly #config: AuditConfig;
  readonly #stack = new AsyncDisposableStack();
  #server: HttpServer | undefined;

  private constructor(config: AuditConfig) {
    this.#config = config;
    const { level, file } = config.log;
    this.logger = makeLogger({ name: "holder", level, ...(file === undefined ? {} : { file }) });
  }

  /** @param path of the configuration. @throws Refusal `bad-configuration`, naming file, line and column. */
  static async load(path: string): Promise<AuditProcess> {
    return new AuditProcess(withPaths(await loadConfig(path, AuditConfigSchema), dirname(path)));
  }

  /**
   * @throws Refusal naming what the holder must mend: `bad-configuration`, `exposed-key`, `failed-ceremony`,
   *   `wrong-network` where the chain has another key for an epoch; `in-use`; Error on what the world did.
   */
  async start(): Promise<void> {
    const { answers, shares: paths, api } = this.#config;
    const network = parseNetworkFile(await readGivenText(this.#config.network));
    const shares = await loadShares(network.networkId, paths);
    const { rpc, reader } = this.#chainOf(network);
    const { confirmations } = await reader.parameters();
    for (const held of shares.values()) await checkEpoch(reader, held);
    const holder = new Holder({
      networkId: fromHex(network.networkId),
      shares,
      disclosure: async (id) => {
        const head = Number(await rpc.call("eth_blockNumber"));
        return await readDisclosure(reader, id, Math.max(0, head - confirmations));
      },
      // Requests of another network have the same numbers.
      log: await AnswerLog.open(join(answers, network.networkId)),
      now: Date.now,
      random: systemRandom,
    });
    this.#server = new HttpServer(
      {
        routes: holderRoutes(holder),
        logger: this.logger,
        metrics: new Metrics({ process: true }),
      },
      {
        title: "Tallystick holder of an audit key",
        version: VERSION,
        host: api.host,
        port: api.port,
        ...(api.tls === undefined ? {} : { tls: await readTls(api.tls) }),
      },
    );
    await this.#server.start();
    this.#stack.use(this.#server);
  }

  async stop(): Promise<void> {
    await this.#stack.disposeAsync();
  }

  urls(): { readonly api: string } {
    return { api: this.#server!.url };
  }

  #chainOf(network: NetworkFile): { readonly rpc: ChainRpc; readonly reader: ContractReader } {
    const { url } = this.#config.chain;
    const urls = url === undefined ? network.rpcUrls : [url];
    const rpc = new ChainRpc({ urls, chainId: network.chainId, timeoutMs: TIMEOUT_MS });
    this.#stack.defer(() => rpc.destroy());
    return { rpc, reader: new ContractReader(rpc, network.contracts) };
  }
}

/** An epoch that the log does not have yet may still come: nothing is granted for it before. */
async function checkEpoch(reader: ContractReader, { key, transcript }: HeldShare): Promise<void> {
  const entry = await readEpoch(reader, key.epoch);
  if (entry !== undefined && entry.transcript !== transcript)
    throw new Refusal(
      "wrong-network",
      `epoch ${key.epoch} on chain is of ceremony ${entry.transcript}, and the share of ${transcript}`,
    );
}

/** Paths of the file as paths of the machine. */
function withPaths(config: AuditConfig, folder: string): AuditConfig {
  const at = (path: string) => resolve(folder, path);
  const { api, log } = config;
  return {
    ...config,
    network: at(config.network),
    shares: config.shares.map(({ share, transcript }) => ({
      share: at(share),
      transcript: at(transcript),
    })),
    answers: at(config.answers),
    api: api.tls === undefined ? api : { ...api, tls: tlsPaths(api.tls, at) },
    log: log.file === undefined ? log : { ...log, file: at(log.file) },
  };
}
