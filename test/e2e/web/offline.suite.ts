/** What the pages are without a network, and how they change to a new version. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pageRoutes } from "../../../gateway/pages.ts";
import { HttpServer } from "../../../node/service/http-server.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { buildPages } from "../../../scripts/pages.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { Person } from "./support/person.ts";
import type { World } from "./support/world.ts";

export function testOffline(world: () => World): void {
  describe("a version of the pages", () => {
    const folders = temporaryFolders();
    let folder: string;

    before(async () => {
      folder = await folders();
      await buildPages(folder);
    });

    const serve = async (port: number) => {
      const logger = makeLogger({ name: "pages", level: "silent" });
      const parts = { routes: await pageRoutes(folder), logger, metrics: new Metrics() };
      const server = new HttpServer(parts, { title: "Pages", version: "1", port });
      await server.start();
      return server;
    };
    const edit = async (file: string, change: (text: string) => string) => {
      const path = join(folder, file);
      await writeFile(path, change(await readFile(path, "utf8")));
    };
    const markOf = (person: Person) =>
      person.page.locator("html").evaluate((html) => html.getAttribute("data-version"));

    it("is installable, is there when the server is gone, and the next one waits until it is asked for", async () => {
      await using first = await serve(0);
      const { url } = first;
      await using person = await Person.open(world().browser, `${url}/wallet/`);
      await person.page.evaluate("navigator.serviceWorker.ready");
      const session = await person.context.newCDPSession(person.page);
      const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
      const faults = installabilityErrors.map(({ errorId }) => errorId);
      // A test's own profile is private, and nothing is installed there.
      expect(faults).to.deep.equal(["in-incognito"]);
      await first.stop();
      await person.page.reload();
      await person.sees("The bank cannot be reached.");

      await edit("index.html", (text) => text.replace("<html", '<html data-version="2"'));
      await edit("service-worker.js", (text) => text.replace(/[0-9a-f]{16}/, "0123456789abcdef"));
      await using _second = await serve(Number(new URL(url).port));
      await person.page.reload();
      await person.sees("A new version is ready.");
      await person.page.reload();
      expect(await markOf(person)).to.equal(null);
      await person.press("Restart");
      await person.page.locator("html[data-version='2']").waitFor();
      expect(await person.page.evaluate("caches.keys()")).to.have.length(1);
    });
  });
}
