/** The service worker that makes the pages work without a network, and the way to its next version. */
import { useEffect, useState } from "preact/hooks";

/** What a waiting version is told; see service-worker.ts. */
const TAKE_OVER = "take over";
const SCRIPT = new URL("service-worker.js", import.meta.url);

/** @returns what changes to a new version that is ready, if one is. */
export function useUpdate(): (() => void) | undefined {
  const [waiting, setWaiting] = useState<ServiceWorker | undefined>(undefined);
  useEffect(() => {
    void follow(setWaiting);
  }, []);
  if (waiting === undefined) return undefined;
  return () => {
    const reload = () => location.reload();
    navigator.serviceWorker.addEventListener("controllerchange", reload, { once: true });
    waiting.postMessage(TAKE_OVER);
  };
}

async function follow(onWaiting: (version: ServiceWorker) => void): Promise<void> {
  const registration = await navigator.serviceWorker.register(SCRIPT);
  const look = () => {
    // The first version of all takes nobody's place.
    const isNext = navigator.serviceWorker.controller !== null;
    if (isNext && registration.waiting !== null) onWaiting(registration.waiting);
  };
  look();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
}
