/** Which view is shown: the fragment of the address, so that the way back is the browser's own. */
import { useEffect, useState } from "preact/hooks";
import { parseStart } from "../trace/start.ts";

/** "#/record/0x12": the view, and what it is about. */
export type Route = { readonly view: string; readonly about: string };

export function useRoute(): Route {
  const [route, setRoute] = useState(present);
  useEffect(() => {
    const follow = () => setRoute(present());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** Where something is shown, by what people have copied of it. @throws Refusal `malformed`. */
export function hrefOf(text: string): string {
  const start = parseStart(text);
  if (start.kind === "id") return `#/record/${start.id}`;
  if (start.kind === "owner") return `#/owner/${start.owner}`;
  return `#/trace/${text.trim().toLowerCase()}`;
}

function present(): Route {
  const [, view = "", about = ""] = /^#\/([a-z]*)(?:\/([\w:]*))?$/.exec(location.hash) ?? [];
  return { view, about };
}
