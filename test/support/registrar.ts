/**
 * What operators and the authority say to the contracts of a consortium while its nodes run: keys are
 * rotated by the command, as they would be, and the rest is said to the chain.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { type KeyKind, StoredKey } from "../../node/service/stored-key.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { Authority } from "../../scripts/deploy/authority.ts";
import { said } from "../scripts/commands/support/tallystick.ts";
import type { Consortium } from "./consortium.ts";
import { account, quiet, seed } from "./network.ts";

export class Registrar {
  readonly #consortium: Consortium;

  private constructor(consortium: Consortium) {
    this.#consortium = consortium;
  }

  static async open(consortium: Consortium): Promise<Registrar> {
    const registrar = new Registrar(consortium);
    await writeFile(registrar.#at("network.json"), formatNetworkFile(consortium.network));
    return registrar;
  }

  /** A file of the key that follows from a name. */
  async keyFile(name: string, kind: KeyKind): Promise<string> {
    const file = this.#at(`${name}.json`);
    if (!existsSync(file)) await createKeyFile(file, new StoredKey(kind, seed(name)));
    return file;
  }

  /** Runs `tallystick admin` with the key of an account, such as "operator 2" or "authority". */
  async admin(as: string, ...args: readonly string[]): Promise<string> {
    const file = await this.keyFile(`account ${as}`, "secp256k1");
    const network = this.#at("network.json");
    return await said(["admin", ...args, "--network", network, "--key", file]);
  }

  /** Says something to the contracts from the account of this name. */
  async call(as: string, ...calls: readonly ContractCall[]): Promise<void> {
    await using chain = this.#client(as);
    await chain.start();
    for (const each of calls) await chain.send(each);
  }

  /** The same for the authority, which has announced it. */
  async order(call: ContractCall): Promise<void> {
    await using chain = this.#client("authority");
    await chain.start();
    await new Authority(chain, 60).call(call);
  }

  /** What the contracts say. */
  async read<T>(look: (chain: ChainClient) => Promise<T>): Promise<T> {
    await using chain = this.#client();
    await chain.start();
    return await look(chain);
  }

  #client(as?: string): ChainClient {
    const { network } = this.#consortium;
    const key = as === undefined ? undefined : account(as);
    return new ChainClient({ network, logger: quiet, key }, { pollMs: 20 });
  }

  #at(name: string): string {
    return join(this.#consortium.folder, name.replaceAll(" ", "-"));
  }
}
