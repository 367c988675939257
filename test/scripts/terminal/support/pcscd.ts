/**
 * The system's PC/SC service with a virtual reader, for one test: in a namespace of its own, so that neither
 * its socket nor its port is the machine's. What is missing for it is named.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePorts } from "../../../../scripts/devnet/free-ports.ts";
import { loadPcsc } from "../../../../scripts/pcsc/pcsc-binding.ts";
import { isRefusal } from "../../../../protocol/refusal.ts";
import { until } from "../../../support/until.ts";

const DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/** What is missing for a card reader here, if something is. */
export async function missingForCards(): Promise<string | undefined> {
  if (spawnSync("pcscd", ["--version"]).error !== undefined)
    return "Debian's pcscd is not installed";
  if (!existsSync(DRIVER)) return "Debian's vsmartcard-vpcd is not installed";
  const namespace = spawnSync("unshare", ["--mount", "true"]);
  if (namespace.status !== 0) return "no mount namespace can be made here";
  try {
    await loadPcsc();
  } catch (error) {
    if (!isRefusal(error, "unavailable")) throw error;
    return error.detail;
  }
  return undefined;
}

export class CardService implements AsyncDisposable {
  readonly #process: ChildProcess;
  /** Where the virtual reader listens. */
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(folder: string): Promise<CardService> {
    const port = await readerPort();
    const id = `0x${port.toString(16).toUpperCase()}`;
    const lines = [
      'FRIENDLYNAME "Virtual PCD"',
      `DEVICENAME /dev/null:${id}`,
      `LIBPATH ${DRIVER}`,
      `CHANNELID ${id}`,
    ];
    await writeFile(join(folder, "vpcd"), `${lines.join("\n")}\n`);
    const start = `mount -t tmpfs tmpfs /run && exec pcscd --foreground --config ${folder}`;
    const child = spawn("unshare", ["--mount", "sh", "-c", start], { stdio: "ignore" });
    const service = new CardService(child, port);
    await until("the PC/SC service listens", () => service.#listens());
    return service;
  }

  /** The service's socket, seen from outside its namespace. */
  get socket(): string {
    return `/proc/${this.#process.pid}/root/run/pcscd/pcscd.comm`;
  }

  /** What programs need to find it. */
  get environment(): Record<string, string> {
    return { PCSCLITE_CSOCK_NAME: this.socket };
  }

  /** Before it has a namespace of its own, and is what it becomes, the socket that is seen is the machine's. */
  async #listens(): Promise<boolean> {
    const name = await readFile(`/proc/${this.#process.pid}/comm`, "utf8");
    if (name !== "pcscd\n") return false;
    const socket = connect(this.socket);
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isOpen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** The first of two in a row: each virtual reader has two slots. */
async function readerPort(): Promise<number> {
  for (;;) {
    const [port, other] = (await freePorts(2)) as [number, number];
    if (other === port + 1) return port;
  }
}
