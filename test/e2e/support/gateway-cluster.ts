/** One member's gateway as several real processes over one database, each started again whenever it ends. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { freePorts } from "../../../scripts/devnet/free-ports.ts";
import { type Child, startChild } from "../../node/service/child.ts";
import { publishTrust } from "../../support/consortium-bank.ts";
import type { Consortium } from "../../support/consortium.ts";
import { seed } from "../../support/network.ts";
import { until } from "../../support/until.ts";

const MEMBER = 1;
const READY_MS = 60_000;
/** What a supervisor waits before it starts a process again. */
const AGAIN_MS = 200;

export class GatewayCluster implements AsyncDisposable {
  readonly processes: GatewayProcess[];

  private constructor(processes: GatewayProcess[]) {
    this.processes = processes;
  }

  /** @param database its URL. */
  static async start(
    consortium: Consortium,
    database: string,
    count: number,
  ): Promise<GatewayCluster> {
    const folder = join(consortium.folder, "gateways");
    await mkdir(folder);
    const issuer = NodeSigner.fromScalar(seed(`issuer ${MEMBER}`));
    const { trustKey, lists } = await publishTrust(consortium, MEMBER, issuer);
    const network = { ...consortium.network, gateways: [] };
    await writeFile(join(folder, "network.json"), formatNetworkFile(network));
    for (const name of ["issuer", "treasury", "intake"]) {
      const key = new StoredKey("P-256", seed(`${name} ${MEMBER}`));
      await createKeyFile(join(folder, `${name}.json`), key);
    }
    const ports = await freePorts(3 * count);
    const processes = Array.from({ length: count }, async (_, i) => {
      const [devices, staff, management] = ports.slice(3 * i, 3 * i + 3);
      const config = join(folder, `gateway-${i}.yaml`);
      const text = stringify({
        network: "network.json",
        member: MEMBER,
        node: consortium.nodes.get(MEMBER)!.url,
        keys: { issuer: "issuer.json", treasury: "treasury.json", intake: "intake.json" },
        authority: { trustKey: toHex(trustKey), lists },
        store: { postgres: { url: database } },
        devices: { port: devices },
        staff: { port: staff, access: "open" },
        management: { port: management },
        watch: { everyMs: 200 },
        intake: { firstLookMs: 500 },
        loads: { retryMs: 200 },
        log: { file: `gateway-${i}.log` },
      });
      await writeFile(config, text);
      return new GatewayProcess(config, {
        devices: devices!,
        staff: staff!,
        management: management!,
      });
    });
    const cluster = new GatewayCluster(await Promise.all(processes));
    for (const each of cluster.processes) each.supervise();
    await cluster.untilReady();
    return cluster;
  }

  /** All of them can do their work, and one is active. */
  async untilReady(): Promise<void> {
    for (const each of this.processes)
      await until("every gateway is ready", () => each.isReady(), READY_MS);
    await until("one gateway is active", async () => (await this.active()) !== undefined, READY_MS);
  }

  async active(): Promise<GatewayProcess | undefined> {
    for (const each of this.processes) if (await each.isActive()) return each;
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop()));
  }
}

export class GatewayProcess {
  readonly devices: string;
  readonly staff: string;
  readonly #management: string;
  readonly #config: string;
  #child: Child | undefined;
  #isStopping = false;
  #running: Promise<void> | undefined;
  /** How often it was started, and ended by itself. */
  starts = 0;
  ends = 0;

  constructor(config: string, ports: { devices: number; staff: number; management: number }) {
    const url = (port: number) => `http://127.0.0.1:${port}`;
    this.#config = config;
    this.devices = url(ports.devices);
    this.staff = url(ports.staff);
    this.#management = url(ports.management);
  }

  supervise(): void {
    this.#running = this.#supervise();
  }

  /** With kill -9. */
  async kill(): Promise<void> {
    this.#child?.process.kill("SIGKILL");
    await this.#child?.ended;
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.#management}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  }

  async isActive(): Promise<boolean> {
    const answer = await fetch(`${this.#management}/metrics`).catch(() => undefined);
    return /^tallystick_gateway_active 1$|^gateway_active 1$/m.test((await answer?.text()) ?? "");
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.kill();
    await this.#running;
  }

  async #supervise(): Promise<void> {
    while (!this.#isStopping) {
      this.starts++;
      this.#child = startChild("../../../scripts/tallystick.ts", ["gateway", "-c", this.#config]);
      const { signal } = await this.#child.ended;
      if (signal !== "SIGKILL") this.ends++;
      await sleep(AGAIN_MS);
    }
  }
}
