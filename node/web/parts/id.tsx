/** An id as a link to what it names: its beginning and end, all of it for who points at it or listens. */
import { hrefOf } from "../route.ts";

export function Id({ id }: { readonly id: string }) {
  return (
    <a class="id" href={hrefOf(id)} title={id}>
      {shortOf(id)}
    </a>
  );
}

function shortOf(id: string): string {
  return `${id.slice(0, 8)}…${id.slice(-4)}`;
}
