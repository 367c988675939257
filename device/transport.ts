/**
 * How two devices hand each other messages: bytes, whole and in order, and nothing else. Who may read
 * them on the way does not matter to the exchange; that they arrive does not either, since any of them
 * can be sent again.
 */
export interface Transport {
  send(message: Uint8Array): Promise<void>;
  /** Waits for the other side's next message. */
  receive(): Promise<Uint8Array>;
}

/** The two ends of a wire in memory. */
export function memoryTransports(): [Transport, Transport] {
  const there = new MemoryQueue();
  const back = new MemoryQueue();
  return [endOf(there, back), endOf(back, there)];
}

function endOf(out: MemoryQueue, into: MemoryQueue): Transport {
  return {
    async send(message) {
      out.put(Uint8Array.from(message));
    },
    receive: () => into.take(),
  };
}

/** Messages that wait for a reader, or readers that wait for a message. */
class MemoryQueue {
  readonly #messages: Uint8Array[] = [];
  readonly #readers: ((message: Uint8Array) => void)[] = [];

  put(message: Uint8Array): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#messages.push(message);
    else reader(message);
  }

  take(): Promise<Uint8Array> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#readers.push(resolve));
  }
}
