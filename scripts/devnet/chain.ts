/**
 * The embedded chain: Hardhat's in-process network behind plain JSON-RPC, with a memory of its own. It
 * stands where a consortium runs Besu, so that one machine with Node alone has a whole network.
 *
 * The engine keeps nothing across restarts, so blocks are sealed here, each after its journal line is
 * on disk, and replayed at start to the same hashes. Blocks come every `blockPeriodMs`, and only when
 * something waits; their times follow the wall clock. What waited unsealed is lost with the process,
 * as on any chain: whoever sent it sends it again.
 */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { FolderLock } from "../../node/service/folder-lock.ts";
import { JsonRpcServer, RpcError } from "./json-rpc.ts";
import { type Genesis, Journal, type JournalEntry } from "./journal.ts";

export type EmbeddedChainOptions = {
  /** Where the journal lives. One chain a folder. */
  readonly folder: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly blockPeriodMs: number;
  readonly chainId: number;
  /** Addresses that hold coins for gas from the first block of a new chain. An old one keeps its own. */
  readonly funded: readonly Hex[];
};

export type EmbeddedChainDependencies = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called once if the journal can no longer be written: the chain has stopped sealing for good. */
  readonly onFailure: (error: Error) => void;
};

type Block = { readonly hash: Hex; readonly timestamp: Hex };

const FUNDS_WEI = 10n ** 24n;
const BLOCK_GAS_LIMIT = 60_000_000;

/** What outsiders may call: reading, and sending what they signed themselves. */
const METHODS = new Set([
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getBlockTransactionCountByHash",
  "eth_getBlockTransactionCountByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getStorageAt",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "eth_sendRawTransaction",
  "eth_syncing",
  "net_version",
  "web3_clientVersion",
]);

export class EmbeddedChain implements AsyncDisposable {
  readonly #dependencies: EmbeddedChainDependencies;
  readonly #options: EmbeddedChainOptions;
  readonly #server = new JsonRpcServer((method, params) => this.#serve(method, params));
  #lock: FolderLock | undefined;
  #journal: Journal | undefined;
  #engine: NetworkConnection | undefined;
  #serving = false;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the queue of sends and seals: nothing arrives between a journal line and its block. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Raw transactions taken since the last block. */
  #arrived: Hex[] = [];
  /** Transactions the last block had no room for. */
  #leftOver = 0;

  constructor(dependencies: EmbeddedChainDependencies, options: EmbeddedChainOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /**
   * Replays the journal and serves. Returns the URL.
   * @throws Refusal `in-use` for a taken port or folder, `wrong-folder` for a journal that is damaged, of another
   * chain or of another engine.
   */
  async start(): Promise<string> {
    const url = await this.#server.start(this.#options.port);
    try {
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
      this.#lock = await FolderLock.acquire(this.#options.folder);
      const path = join(this.#options.folder, "journal.txt");
      this.#journal = await Journal.open(path, this.#genesis());
      checkGenesis(this.#journal, this.#options.chainId);
      this.#engine = await startEngine(this.#options.folder, this.#journal.genesis);
      await this.#replay(this.#journal);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#serving = true;
    this.#schedule();
    return url;
  }

  async stop(): Promise<void> {
    this.#serving = false;
    clearTimeout(this.#timer);
    await this.#server.stop();
    await this.#turn.catch(() => undefined);
    await this.#engine?.close();
    this.#journal?.close();
    await this.#lock?.release();
    this.#engine = undefined;
    this.#journal = undefined;
    this.#lock = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #genesis(): Genesis {
    return {
      format: 1,
      hardhat: engineVersion(),
      chainId: this.#options.chainId,
      timeS: Math.floor(this.#dependencies.now() / 1000),
      funded: this.#options.funded,
    };
  }

  async #replay(journal: Journal): Promise<void> {
    for (const address of journal.genesis.funded) {
      await this.#call("hardhat_setBalance", [address, `0x${FUNDS_WEI.toString(16)}`]);
    }
    let number = 0;
    for (const entry of journal.entries()) {
      number++;
      if ((await this.#head()).hash !== entry.parent) {
        throw new Refusal(
          "wrong-folder",
          `${journal.path} does not replay: block ${number} has another parent; begin a new chain with --fresh`,
        );
      }
      for (const raw of entry.raw) await this.#call("eth_sendRawTransaction", [raw]);
      await this.#mine(entry);
    }
    this.#leftOver = await this.#waiting();
    await this.#followTheClock();
  }

  /** Lets the engine's own clock, which reads of the pending block see, stand where the wall's does. */
  async #followTheClock(): Promise<void> {
    const { timestamp } = await this.#call<Block>("eth_getBlockByNumber", ["pending", false]);
    const behindS = Math.floor(this.#dependencies.now() / 1000) - Number(timestamp);
    if (behindS > 0) await this.#call("evm_increaseTime", [behindS]);
  }

  async #serve(method: string, params: readonly unknown[]): Promise<unknown> {
    if (!this.#serving)
      throw new RpcError(-32_002, "the chain is starting or has stopped: try again");
    if (!METHODS.has(method)) throw new RpcError(-32_601, `this chain does not offer ${method}`);
    if (method !== "eth_sendRawTransaction") return this.#call(method, params);
    return this.#inTurn(async () => {
      const hash = await this.#call(method, params);
      this.#arrived.push(params[0] as Hex);
      return hash;
    });
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#inTurn(() => this.#seal()).then(
        () => this.#serving && this.#schedule(),
        (error: Error) => {
          this.#serving = false;
          this.#dependencies.onFailure(error);
        },
      );
    }, this.#options.blockPeriodMs);
  }

  async #seal(): Promise<void> {
    if (this.#arrived.length === 0 && this.#leftOver === 0) return;
    const head = await this.#head();
    const timeS = Math.max(Number(head.timestamp), Math.floor(this.#dependencies.now() / 1000));
    const entry = { parent: head.hash, timeS, raw: this.#arrived.splice(0) };
    this.#journal!.append(entry);
    await this.#mine(entry);
    this.#leftOver = await this.#waiting();
  }

  async #mine(entry: JournalEntry): Promise<void> {
    await this.#call("evm_setNextBlockTimestamp", [entry.timeS]);
    await this.#call("evm_mine", []);
  }

  #head(): Promise<Block> {
    return this.#call<Block>("eth_getBlockByNumber", ["latest", false]);
  }

  /** One block does not always empty the pool: it has a gas limit. */
  async #waiting(): Promise<number> {
    return Number(await this.#call<Hex>("eth_getBlockTransactionCountByNumber", ["pending"]));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #call<T = unknown>(method: string, params: readonly unknown[]): Promise<T> {
    return (await this.#engine!.provider.request({ method, params: [...params] })) as T;
  }
}

/** All that decides a block's hash stands here or in the journal. Hardhat's own configuration file plays no part. */
async function startEngine(folder: string, genesis: Genesis): Promise<NetworkConnection> {
  // A chain of ours calls nobody, whatever its user once agreed to elsewhere.
  process.env["HARDHAT_DISABLE_TELEMETRY"] = "true";
  const hardhat = await createHardhatRuntimeEnvironment(
    {
      // Ours are elsewhere: the engine would read every build to decorate stack traces.
      paths: { artifacts: join(folder, "engine"), cache: join(folder, "engine") },
      networks: {
        default: {
          type: "edr-simulated",
          chainType: "l1",
          // The first with the P-256 precompile.
          hardfork: "osaka",
          chainId: genesis.chainId,
          accounts: [],
          initialBaseFeePerGas: 0,
          blockGasLimit: BLOCK_GAS_LIMIT,
          initialDate: new Date(genesis.timeS * 1000),
          allowBlocksWithSameTimestamp: true,
          mining: { auto: false, interval: 0, mempool: { order: "fifo" } },
        },
      },
    },
    {},
    import.meta.dirname,
  );
  return hardhat.network.create();
}

function checkGenesis({ path, genesis }: Journal, chainId: number): void {
  if (genesis.format !== 1)
    throw new Refusal(
      "wrong-folder",
      `${path} has format ${genesis.format}, this software writes 1`,
    );
  if (genesis.hardhat !== engineVersion()) {
    throw new Refusal(
      "wrong-folder",
      `${path} was written with Hardhat ${genesis.hardhat}, this is ${engineVersion()}: begin a new chain with --fresh`,
    );
  }
  if (genesis.chainId !== chainId) {
    throw new Refusal(
      "wrong-network",
      `${path} is of chain ${genesis.chainId}, asked for ${chainId}`,
    );
  }
}

/** Major and minor. */
function engineVersion(): string {
  const { version } = createRequire(import.meta.url)("hardhat/package.json") as { version: string };
  return version.split(".", 2).join(".");
}
