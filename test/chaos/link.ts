/** A line between two processes that can be cut, so that both see it, or go dead, so that neither does. */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export type LinkState = "good" | "cut" | "dead";

export class Link implements AsyncDisposable {
  readonly name: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: LinkState = "good";

  private constructor(name: string, target: number) {
    this.name = name;
    // A caller that has said all it has to say still waits for its answer.
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#join(near, target));
  }

  /** @param target port it leads to. @param port it is called at; any by default. */
  static async open(name: string, target: number, port = 0): Promise<Link> {
    const link = new Link(name, target);
    await new Promise<void>((resolve, reject) => {
      link.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set(state: LinkState): void {
    this.#state = state;
    for (const socket of this.#sockets) {
      if (state === "cut") socket.destroy();
      else if (state === "dead") socket.pause();
      else socket.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, target: number): void {
    if (this.#state === "cut") {
      near.destroy();
      return;
    }
    const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    this.#carry(near, far);
    this.#carry(far, near);
    if (this.#state === "dead") for (const socket of [near, far]) socket.pause();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (data) => {
      if (to.write(data)) return;
      from.pause();
      to.once("drain", () => {
        if (this.#state === "good") from.resume();
      });
    });
    from.on("end", () => to.end());
    // What one end does with a line the other end learns by its close.
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
