/**
 * A registry of npm's on this machine, with what the SDK depends on, packed from this repository's own
 * node_modules: `npm install` runs as a maker runs it, with no network.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../support/imports.ts";

const run = promisify(execFile);

/** What the SDK depends on, and what that does. */
const packages = ["@hpke/core", "@hpke/common", "@noble/curves", "@noble/hashes", "qr"];

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
};

type Published = Manifest & { readonly tarball: Buffer };

export class LocalRegistry implements AsyncDisposable {
  readonly #server = createServer();
  readonly #published: readonly Published[];

  private constructor(published: readonly Published[]) {
    this.#published = published;
    this.#server.on("request", (request, response) => {
      const answer = this.#answer(decodeURIComponent(request.url!.slice(1)));
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
  }

  /** @param folder for the packages as they are published. */
  static async start(folder: string): Promise<LocalRegistry> {
    const paths = packages.map((name) => join(root, "node_modules", name));
    await run("npm", ["pack", ...paths, "--ignore-scripts", "--pack-destination", folder]);
    const published = packages.map(async (name) => {
      const manifest = join(root, "node_modules", name, "package.json");
      const { version, dependencies = {} } = JSON.parse(
        await readFile(manifest, "utf8"),
      ) as Manifest;
      const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
      return { name, version, dependencies, tarball: await readFile(join(folder, file)) };
    });
    const registry = new LocalRegistry(await Promise.all(published));
    registry.#server.listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    return registry;
  }

  /** To be set where npm is run. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      npm_config_registry: this.#url,
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  #answer(path: string): string | Buffer | undefined {
    const found = this.#published.find(({ name }) => path === name || path === `${name}.tgz`);
    if (found === undefined || path === `${found.name}.tgz`) return found?.tarball;
    const { name, version, dependencies, tarball } = found;
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const dist = { tarball: `${this.#url}${name}.tgz`, integrity };
    const versions = { [version]: { name, version, dependencies, dist } };
    return JSON.stringify({ name, "dist-tags": { latest: version }, versions });
  }
}
