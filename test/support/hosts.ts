/** Real hosts on loopback, for tests of what passes between them. */
import { randomBytes } from "node:crypto";
import { Host, type HostOptions } from "../../node/gossip/host.ts";
import type { Peer } from "../../node/gossip/peer.ts";
import { until } from "./until.ts";

export function makeHost(options: Partial<HostOptions> = {}): Host {
  return new Host({ seed: randomBytes(32), listen: ["/ip4/127.0.0.1/tcp/0"], ...options });
}

export function peerOf(host: Host): Peer {
  return { id: host.peerId, addresses: host.addresses };
}

/** Makes the hosts each other's peers. */
export function introduce(hosts: readonly Host[]): void {
  for (const host of hosts) {
    host.setPeers(hosts.filter((other) => other !== host).map(peerOf));
  }
}

export async function untilConnected(hosts: readonly Host[]): Promise<void> {
  await until("all hosts are connected", () =>
    hosts.every((host) => host.connected().length === hosts.length - 1),
  );
}

/** Starts the hosts and waits until each is connected with each. */
export async function startConnected(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.start()));
  introduce(hosts);
  await untilConnected(hosts);
}

export async function stopAll(parts: readonly { stop(): Promise<void> | void }[]): Promise<void> {
  await Promise.all(
    parts.map(async (part) => {
      await part.stop();
    }),
  );
}
