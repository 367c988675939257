import { randomBytes } from "node:crypto";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import type { Host } from "../../../node/gossip/host.ts";
import { peerIdOf } from "../../../node/gossip/peer-id.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import {
  introduce,
  makeHost,
  peerOf,
  startConnected,
  stopAll,
  untilConnected,
} from "../../support/hosts.ts";
import { makeBareNode } from "../../support/bare-node.ts";
import { until } from "../../support/until.ts";

function portOf(host: Host): number {
  return Number(/\/tcp\/(\d+)/.exec(host.addresses[0]!)![1]);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

describe("gossip host", () => {
  const running: { stop(): Promise<void> | void }[] = [];
  const track = <T extends { stop(): Promise<void> | void }>(part: T): T => {
    running.push(part);
    return part;
  };
  afterEach(() => stopAll(running.splice(0)));

  it("connects the registry's peers with each other, and says so once for each", async () => {
    const hosts = Array.from({ length: 5 }, () => track(makeHost()));
    const seen: string[] = [];
    hosts[0]!.on("connected", (peer) => seen.push(peer));

    await startConnected(hosts);

    expect(seen.toSorted()).to.deep.equal(
      hosts
        .slice(1)
        .map(({ peerId }) => peerId)
        .toSorted(),
    );
  });

  it("names the same peer for a seed as the tools that make keys do", async () => {
    const seed = randomBytes(32);
    const host = track(makeHost({ seed }));
    await host.start();
    expect(host.peerId)
      .to.equal(await peerIdOf(seed))
      .and.to.match(/^12D3Koo/);
    expect(host.addresses[0]).to.contain(`/p2p/${host.peerId}`);
  });

  it("refuses a stranger that dials it: no connection stays and no stream reaches a handler", async () => {
    const host = makeHost();
    let served = 0;
    host.serve("/test/1", 100, () => served++);
    track(host);
    await host.start();
    const stranger = track(await makeBareNode());

    for (let i = 0; i < 3; i++) {
      await stranger
        .dial(multiaddr(host.addresses[0]!))
        .then((connection) => connection.newStream("/test/1"))
        .then((stream) => stream.send(new Uint8Array(10)))
        .catch((error: unknown) => expect(error).to.be.instanceOf(Error));
    }
    await until(
      "the stranger's connections are closed",
      () => stranger.getConnections().length === 0,
    );

    expect(host.connected()).to.deep.equal([]);
    expect(served).to.equal(0);
  });

  it("does not dial whom the registry does not name, nor another peer's key at a peer's address", async () => {
    const [host, other] = [track(makeHost()), track(makeHost())];
    await Promise.all([host.start(), other.start()]);
    const impostor = await peerIdOf(randomBytes(32));
    host.setPeers([
      { id: impostor, addresses: [other.addresses[0]!.replace(other.peerId, impostor)] },
    ]);
    other.setPeers([peerOf(host)]);

    await sleep(1500);

    expect(host.connected()).to.deep.equal([]);
    expect(other.connected()).to.deep.equal([]);
  });

  it("disconnects a peer that the registry no longer names, and takes it back when it does", async () => {
    const hosts = [track(makeHost()), track(makeHost()), track(makeHost())] as const;
    await startConnected(hosts);
    const [first, second, removed] = hosts;
    const lost: string[] = [];
    first.on("disconnected", (peer) => lost.push(peer));

    for (const host of [first, second]) {
      host.setPeers([first, second].filter((other) => other !== host).map(peerOf));
    }
    await until("it has no peers", () => removed.connected().length === 0);
    await sleep(1000);

    expect(lost).to.deep.equal([removed.peerId]);
    expect(first.connected()).to.deep.equal([second.peerId]);
    expect(removed.connected()).to.deep.equal([]);

    introduce(hosts);
    await untilConnected(hosts);
  });

  it("connects again with a peer that was away and came back at its old address", async () => {
    const seed = randomBytes(32);
    const [host, first] = [track(makeHost()), makeHost({ seed })];
    await startConnected([host, first]);
    const listen = [`/ip4/127.0.0.1/tcp/${portOf(first)}`];
    await first.stop();
    await until("it is missed", () => host.connected().length === 0);
    await sleep(500);

    // It comes back and dials no one.
    const second = track(makeHost({ seed, listen }));
    await second.start();
    second.setPeers([{ id: host.peerId, addresses: [] }]);

    await untilConnected([host, second]);
  });

  it("dials a peer that has moved at its new address, without waiting as long as at the old one [N-23]", async () => {
    // The longest of each wait.
    const random = (length: number) => new Uint8Array(length).fill(255);
    const [host, moved] = [track(makeHost({ random })), track(makeHost())];
    await Promise.all([host.start(), moved.start()]);
    let dials = 0;
    const other = createServer((socket) => {
      dials++;
      socket.destroy();
    });
    running.push({ stop: () => void other.close() });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    moved.setPeers([{ id: host.peerId, addresses: [] }]);
    host.setPeers([{ id: moved.peerId, addresses: [`/ip4/127.0.0.1/tcp/${port}`] }]);
    await until("the next dial is three seconds away", () => dials === 3);
    host.setPeers([peerOf(moved)]);
    await until("they are connected", () => host.connected().includes(moved.peerId), 2_000);
  });

  it("leaves out itself and any peer that cannot be understood, and connects with the others", async () => {
    const [host, other] = [track(makeHost()), track(makeHost())];
    await Promise.all([host.start(), other.start()]);
    other.setPeers([peerOf(host)]);

    host.setPeers([
      peerOf(host),
      { id: "not a peer id", addresses: [] },
      { id: await peerIdOf(randomBytes(32)), addresses: ["/ip4/300.0.0.1/tcp/1"] },
      { id: await peerIdOf(randomBytes(32)), addresses: [other.addresses[0]!] },
      peerOf(other),
    ]);

    await untilConnected([host, other]);
  });

  it("shuts out a peer that misbehaved, names it, and lets it back when its time is over", async () => {
    let now = Date.now();
    const host = track(makeHost({ now: () => now }));
    const liar = track(makeHost());
    await startConnected([host, liar]);

    host.penalise(liar.peerId, "garbage", "sent zeros");

    await until("it is out", () => host.connected().length === 0 && liar.connected().length === 0);
    await sleep(1000);
    expect(host.connected()).to.deep.equal([]);
    expect(host.offences()).to.deep.equal([{ peer: liar.peerId, offence: "garbage", count: 1 }]);

    now += 31_000;
    await untilConnected([host, liar]);
  });

  it("keeps the newer connection when a peer that lost the older one connects again", async () => {
    const seed = randomBytes(32);
    const host = track(makeHost());
    const peer = track(await makeBareNode(seed));
    await host.start();
    host.setPeers([{ id: peer.peerId.toString(), addresses: [] }]);
    const older = await peer.dial(multiaddr(host.addresses[0]!));
    await until("they are connected", () => host.connected().length === 1);
    await sleep(2100);

    const newer = await peer.dial(multiaddr(host.addresses[0]!), { force: true });

    await until("the older one is closed", () => older.status !== "open");
    expect(newer.status).to.equal("open");
    expect(host.connected()).to.deep.equal([peer.peerId.toString()]);
  });

  it("refuses to start at an address that another process listens at, and says which", async () => {
    const host = track(makeHost());
    await host.start();
    const address = `/ip4/127.0.0.1/tcp/${portOf(host)}`;
    const second = makeHost({ listen: [address] });

    const error = await second.start().catch((error: unknown) => error);

    expect(isRefusal(error, "in-use"), String(error)).to.equal(true);
    expect((error as Error).message).to.contain(address);
  });

  it("leaves no port open when it stops, and can be started again", async () => {
    const host = track(makeHost());
    await host.start();
    const port = portOf(host);
    expect(await isListening(port)).to.equal(true);

    await host.stop();
    expect(await isListening(port)).to.equal(false);
    expect(host.connected()).to.deep.equal([]);

    await host.start();
    expect(await isListening(portOf(host))).to.equal(true);
  });
});
