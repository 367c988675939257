/**
 * The link over UDP multicast (Node). The group is of the organisation-local scope (RFC 2365) and its datagrams pass no
 * router: all tills of a shop are on one network.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { limits } from "../../protocol/limits.ts";
import type { AlarmLink } from "./alarm-link.ts";

export type UdpLinkOptions = {
  readonly group?: string;
  readonly port?: number;
  /** Address of this machine on the shop's network; the system chooses if it is not given. */
  readonly address?: string | undefined;
};

export class UdpLink implements AlarmLink {
  readonly #socket: Socket;
  readonly #group: string;
  readonly #port: number;
  #closed: Promise<unknown> | undefined;

  private constructor(socket: Socket, group: string, port: number) {
    this.#socket = socket;
    this.#group = group;
    this.#port = port;
  }

  /** @throws Error if the port or the group is not to be had. */
  static async open({
    group = "239.255.84.83",
    port = 48_483,
    address,
  }: UdpLinkOptions = {}): Promise<UdpLink> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.bind(port);
    await once(socket, "listening");
    try {
      socket.addMembership(group, address);
      if (address !== undefined) socket.setMulticastInterface(address);
      socket.setMulticastTTL(1);
      // Several tills may run on one machine.
      socket.setMulticastLoopback(true);
    } catch (error) {
      socket.close();
      throw error;
    }
    // What cannot be sent is lost, as on the way: a cable that is pulled does not stop the till.
    socket.on("error", () => undefined);
    return new UdpLink(socket, group, port);
  }

  send(datagram: Uint8Array): void {
    if (this.#closed !== undefined) return;
    this.#socket.send(datagram, this.#port, this.#group, () => undefined);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#socket.removeAllListeners("message");
    this.#socket.on("message", (datagram) => {
      if (datagram.length <= limits.alarmDatagramMax) listener(Uint8Array.from(datagram));
    });
  }

  async close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = once(this.#socket, "close");
      this.#socket.close();
    }
    await this.#closed;
  }
}
