/**
 * The local link that tills of one shop share: datagrams to all, none of them certain. They may be lost, doubled or
 * late, and a till may hear its own; who else listens does not matter.
 */
export interface AlarmLink {
  /** Sends to all who are on the link. It never fails: what is not sent was lost. */
  send(datagram: Uint8Array): void;
  /** Hears what is sent from now on. One listener. */
  onDatagram(listener: (datagram: Uint8Array) => void): void;
  close(): Promise<void>;
}

/** How often a datagram arrives at one of those who listen: 0 is lost, 2 is doubled. */
export type Fate = () => number;

/** A link in memory: for tests, and for tills in one process. */
export class MemoryLan {
  readonly #listeners = new Set<(datagram: Uint8Array) => void>();
  readonly #fate: Fate;

  constructor(fate: Fate = () => 1) {
    this.#fate = fate;
  }

  join(): AlarmLink {
    let hear: ((datagram: Uint8Array) => void) | undefined;
    let isClosed = false;
    return {
      send: (datagram) => {
        if (isClosed) return;
        for (const listener of this.#listeners) {
          for (let times = this.#fate(); times > 0; times--) {
            const copy = datagram.slice();
            queueMicrotask(() => listener(copy));
          }
        }
      },
      onDatagram: (listener) => {
        if (hear !== undefined) this.#listeners.delete(hear);
        hear = listener;
        this.#listeners.add(listener);
      },
      close: async () => {
        isClosed = true;
        if (hear !== undefined) this.#listeners.delete(hear);
      },
    };
  }
}
