/** The demo ends in the middle, by Ctrl-C or at a step that fails, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { readBlueprint } from "../../../scripts/devnet/blueprint.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { root } from "../../support/imports.ts";
import { until } from "../../support/until.ts";

const PATIENCE_MS = 120_000;

describe("the demo", function () {
  this.timeout(2 * PATIENCE_MS);
  const makeFolder = temporaryFolders();
  let demo: ChildProcess;
  let output: string;
  let folder: string;

  beforeEach(async () => {
    folder = await makeFolder();
    output = "";
    const env = { ...process.env, TMPDIR: folder };
    demo = spawn(process.execPath, [join(root, "scripts/demo.ts")], { env });
    for (const stream of [demo.stdout, demo.stderr])
      stream!.on("data", (piece: Buffer) => (output += piece));
  });
  afterEach(() => demo.kill("SIGKILL"));

  /** Waits until a process of the demo runs whose command says so. Returns its id. */
  async function untilRuns(command: RegExp): Promise<number> {
    let found: number | undefined;
    const isThere = async () => {
      expect(demo.exitCode, output).to.equal(null);
      found = (await processesOf(folder)).find((each) => command.test(each.command))?.pid;
      return found !== undefined;
    };
    await until(`${command} runs`, isThere, PATIENCE_MS);
    return found!;
  }

  /** @param ports that its processes listened at. */
  async function isGone(ports: readonly number[]): Promise<void> {
    expect(await processesOf(folder)).to.deep.equal([]);
    expect(await foldersIn(folder)).to.deep.equal([]);
    for (const port of ports) expect(await isOpen(port), `port ${port}`).to.equal(false);
  }

  it("is interrupted while devices enrol, and leaves no process, no port and no folder", async () => {
    await untilRuns(/device-process/);
    const [made] = await foldersIn(folder);
    const { chain, ...services } = (await readBlueprint(join(folder, made!, "devnet")))!.ports;
    const ports = [chain, ...Object.values(services).flat()];
    expect(await isOpen(chain)).to.equal(true);
    // As npm and the terminal do.
    for (let i = 0; i < 2; i++) demo.kill("SIGINT");
    expect((await once(demo, "exit"))[0]).to.equal(130);
    await isGone(ports);
  });

  it("fails where a node does not start, says so, and leaves no process, no port and no folder", async () => {
    process.kill(await untilRuns(/node\.yaml/), "SIGKILL");
    expect((await once(demo, "exit"))[0]).to.equal(1);
    expect(output).to.match(/(node\d|observer) ended with SIGKILL/);
    await isGone([]);
  });
});

/** The compiler has folders of its own there. */
async function foldersIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("tallystick"));
}

/** Those whose command names something in `folder`. */
async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      // Empty for one that has ended meanwhile.
      command: await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    })),
  );
  return all.filter(({ command }) => command.includes(folder));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
