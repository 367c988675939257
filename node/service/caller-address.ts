/**
 * Where a caller is: at the other end of the connection, or, where that is a proxy that the operator has named, where
 * the proxy says (X-Forwarded-For). What stands further left in that header anybody can have written there.
 */
import { BlockList, isIP } from "node:net";
import { Refusal } from "../../protocol/refusal.ts";

export class CallerAddresses {
  readonly #proxies = new BlockList();

  /** @param proxies addresses, or networks as address/bits. @throws Refusal `bad-configuration`. */
  constructor(proxies: readonly string[] = []) {
    for (const proxy of proxies) {
      const [address, bits] = proxy.split("/") as [string, string?];
      const family = familyOf(address);
      const most = family === "ipv6" ? 128 : 32;
      const length = bits === undefined ? most : Number(bits);
      if (family === undefined || !Number.isInteger(length) || length < 0 || length > most)
        throw new Refusal(
          "bad-configuration",
          `${proxy} is no address and no network of addresses`,
        );
      this.#proxies.addSubnet(address, length, family);
    }
  }

  /** @param remote the connection's other end. @param forwarded the header as it came. */
  of(remote: string, forwarded: string | readonly string[] | undefined): string {
    const said = [forwarded ?? []].flat().join(",").split(",");
    let nearest = plain(remote);
    while (this.#isProxy(nearest)) {
      const next = plain(said.pop()?.trim() ?? "");
      if (isIP(next) === 0) return nearest;
      nearest = next;
    }
    return nearest;
  }

  #isProxy(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#proxies.check(address, family);
  }
}

/** Whom an address belongs to, as far as it says: of IPv6, a customer has 64 bits of addresses. */
export function holderOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array(8 - before.length - after.length).fill("0");
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/** An IPv4 address as a socket for both families shows it. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  return ({ 4: "ipv4", 6: "ipv6" } as const)[isIP(address)];
}
