/** A member's gateway as several processes' worth of gateways over one database, each in this process, before one node. */
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { parseAddress } from "../../../gateway/postgres/address.ts";
import { Database } from "../../../gateway/postgres/database.ts";
import { SharedStore } from "../../../gateway/postgres/shared-store.ts";
import { SharedGateway } from "../../../gateway/shared-gateway.ts";
import { until } from "../../support/until.ts";
import { Bank, type BankOptions, MEMBER } from "./bank.ts";

export type Member = { readonly gateway: SharedGateway; readonly shared: SharedStore };

export class Several implements AsyncDisposable {
  /** Its node, and what its staff and devices ask. */
  readonly bank: Bank;
  readonly #url: string;
  readonly #members: Member[] = [];

  private constructor(bank: Bank, url: string) {
    this.bank = bank;
    this.#url = url;
  }

  /** @param url of an empty database. */
  static async open(folder: string, url: string, options: BankOptions = {}): Promise<Several> {
    const own = join(folder, "bank");
    await mkdir(own, { recursive: true });
    return new Several(await Bank.open(own, options), url);
  }

  /** A store of its own over the database. */
  store(): SharedStore {
    const { network, logger } = this.bank.parts();
    const database = new Database(parseAddress(this.#url, {}), "gateway");
    return new SharedStore(database, { networkId: network.networkId, member: MEMBER }, logger);
  }

  /** Starts one more, which is asked from now on. */
  async start(): Promise<Member> {
    const shared = this.store();
    const peers = { host: "127.0.0.1", port: 0 };
    const gateway = new SharedGateway(
      { ...this.bank.parts(), shared },
      { ...this.bank.settings(), peers },
    );
    const member = { gateway, shared };
    this.#members.push(member);
    await gateway.start();
    this.ask(member);
    return member;
  }

  /** From now on the bank's devices and staff ask this one. */
  ask({ gateway }: Member): void {
    this.bank.through = gateway.urls;
  }

  async stop(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    await member.gateway.stop();
    await member.shared.close();
  }

  async untilActive({ gateway }: Member): Promise<void> {
    await until("it is active", () => gateway.isActive);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of [...this.#members].reverse()) await this.stop(member);
    await this.bank[Symbol.asyncDispose]();
  }
}
