/**
 * Makes the pages work with the network off: all that they are made of is fetched once a version, and answered from
 * there. A version is complete or it is not taken. What is asked of the bank goes to the bank and is never kept.
 */

export {};

/** Put in by the build: the pages' addresses, relative to this script, and a name that their contents give. */
declare const FILES: readonly string[];
declare const VERSION: string;

/** What of a worker's scope is used here; the library of types for pages has none of it. */
type Waiting = { waitUntil(work: Promise<unknown>): void };
type Fetching = { readonly request: Request; respondWith(answer: Promise<Response>): void };
type WorkerScope = {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Waiting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
};

const worker = globalThis as unknown as WorkerScope;
const PREFIX = "tallystick pages ";
const cacheName = PREFIX + VERSION;
const addresses = new Set(FILES.map((file) => new URL(file, location.href).href));

worker.addEventListener("install", (event) => event.waitUntil(fetchAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", ({ data }) => {
  if (data === "take over") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const address = addressOf(event.request);
  if (addresses.has(address)) event.respondWith(answer(address));
});

async function fetchAll(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll([...addresses].map((address) => new Request(address, { cache: "reload" })));
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== cacheName) await caches.delete(name);
  }
  await worker.clients.claim();
}

async function answer(address: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(address)) ?? fetch(address);
}

/** Without what comes after it: the page itself makes something of that. */
function addressOf({ url }: Request): string {
  return url.split(/[?#]/, 1)[0]!;
}
