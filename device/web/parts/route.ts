/** Which screen is shown: the fragment of the address, so that the way back is the browser's own. */
import { useEffect, useState } from "preact/hooks";

/** "#/refund/0x12": the screen, and what it is about. */
export type Route = { readonly screen: string; readonly about: string };

export function useRoute(): Route {
  const [route, setRoute] = useState(present);
  useEffect(() => {
    const follow = () => setRoute(present());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export function go(screen: string): void {
  location.hash = `#/${screen}`;
}

function present(): Route {
  const [, screen = "", about = ""] = /^#\/([a-z-]*)(?:\/(\w*))?$/.exec(location.hash) ?? [];
  return { screen, about };
}
