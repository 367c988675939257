/** A devnet whose first bank serves the pages, and what its staff do for people with a browser. */
import { approve, deposit } from "../../../../node/chain/calls.ts";
import type { DeviceClass } from "../../../../protocol/certificate.ts";
import { Staff } from "../../../../scripts/demo/staff.ts";
import { buildPages } from "../../../../scripts/pages.ts";
import { LiveNetwork } from "../../../support/live-network.ts";

const MEMBER = 1;
const RESERVES = 1_000_00n;

/** What a bank hands its customer. */
export type Invitation = {
  readonly account: string;
  readonly credential: string;
  readonly label: string;
};

/** What a bank's link to a page ends in, so that nothing is left to type. */
export function linkOf({ credential, label }: Invitation): string {
  return `#${new URLSearchParams({ credential, label }).toString()}`;
}

export class WebBank implements AsyncDisposable {
  readonly network: LiveNetwork;
  readonly staff: Staff;

  private constructor(network: LiveNetwork) {
    this.network = network;
    this.staff = new Staff(network.devnet.staffUrl(MEMBER));
  }

  static async open(): Promise<WebBank> {
    await buildPages();
    await using parts = new AsyncDisposableStack();
    const network = parts.use(await LiveNetwork.open());
    await using chain = await network.devnet.chainOf(MEMBER);
    await chain.start();
    await chain.send(approve(network.devnet.network.contracts.settlement, RESERVES));
    await chain.send(deposit(MEMBER, RESERVES));
    await network.startServices();
    parts.move();
    return new WebBank(network);
  }

  /** Where the pages are. */
  get url(): string {
    return `${this.network.devnet.deviceUrl(MEMBER)}/wallet/`;
  }

  /** A customer with money in the account, and a credential for one device. */
  async invite(
    account: string,
    amount: bigint,
    kind: DeviceClass,
    label = "",
    customer = account,
  ): Promise<Invitation> {
    await this.staff.openAccount(account, customer);
    if (amount > 0n) await this.staff.deposit(account, amount, account);
    const credential = await this.staff.credential(account, { class: kind, label });
    return { account, credential, label };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
  }
}
