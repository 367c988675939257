/** The console's listener: pages for browsers, and behind a token all that the node answers and nothing that acts. */
import { fileURLToPath } from "node:url";
import { nodeRoutes } from "../api/routes.ts";
import type { ApiAnswers } from "../api/routes.ts";
import { HttpServer } from "../service/http-server.ts";
import type { TlsMaterial } from "../service/listener.ts";
import { pageRoutes } from "../service/page-routes.ts";
import { type Logger, Metrics } from "../service/telemetry.ts";

export type ConsoleParts = {
  /** @throws Refusal `unavailable` while nobody answers. */
  readonly answers: () => ApiAnswers;
  readonly logger: Logger;
};

export type ConsoleOptions = {
  readonly host: string;
  readonly port: number;
  /** Whoever looks must show it. */
  readonly token: string;
  /** Demanded where the host is not loopback. */
  readonly tls?: TlsMaterial | undefined;
  readonly version: string;
  /** Of the built pages, instead of where `npm run build` leaves them. */
  readonly pages?: string;
};

const BUILT_PAGES = fileURLToPath(new URL("../web/dist", import.meta.url));

export async function makeConsole(
  { answers, logger }: ConsoleParts,
  { host, port, token, tls, version, pages = BUILT_PAGES }: ConsoleOptions,
): Promise<HttpServer> {
  const shown = {
    folder: pages,
    path: "/",
    name: "the console",
    permissions: "camera=(), microphone=(), geolocation=()",
  };
  const routes = [...nodeRoutes(answers, { isMember: false }), ...(await pageRoutes(shown))];
  return new HttpServer(
    // The node's own metrics are for its API's listener.
    { routes, logger, metrics: new Metrics(), token },
    {
      title: "Tallystick console",
      version,
      host,
      port,
      ...(tls === undefined ? {} : { tls }),
    },
  );
}

/** The link that opens a console: what follows # never leaves the browser. */
export function consoleLink(url: string, token: string): string {
  return `${url}/#token=${token}`;
}
