/** Which screen is shown: the fragment of the address, so that the way back is the browser's own. */
import { useEffect, useState } from "preact/hooks";

export function useRoute(): string {
  const [route, setRoute] = useState(present);
  useEffect(() => {
    const follow = () => setRoute(present());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export function go(route: string): void {
  location.hash = `#/${route}`;
}

/** "pay" for "#/pay". */
function present(): string {
  return /^#\/([a-z-]*)/.exec(location.hash)?.[1] ?? "";
}
