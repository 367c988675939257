/** Another node as the registry has it: its name, and where it can be reached. */
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { Refusal } from "../../protocol/refusal.ts";

export type Peer = {
  /** A libp2p peer id. */
  readonly id: string;
  /** Multiaddrs, with or without the peer id at the end. None for a peer that only dials. */
  readonly addresses: readonly string[];
};

/** The peer's addresses, each naming it. @throws Refusal `malformed` on one that is none or another peer's. */
export function parseAddresses(peer: Peer): readonly Multiaddr[] {
  return peer.addresses.map((text) => {
    const address = parseMultiaddr(text);
    const named = address.getComponents().find(({ name }) => name === "p2p")?.value;
    if (named === undefined) return address.encapsulate(`/p2p/${peer.id}`);
    if (named === peer.id) return address;
    throw new Refusal("malformed", `the address ${text} is another peer's`);
  });
}

function parseMultiaddr(text: string): Multiaddr {
  try {
    return multiaddr(text);
  } catch {
    throw new Refusal("malformed", `"${text}" is not a multiaddr such as /ip4/192.0.2.1/tcp/4701`);
  }
}
