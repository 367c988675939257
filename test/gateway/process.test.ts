/** The gateway as a process: what it refuses to start on, and what it keeps when it is killed. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { decodeAcknowledgement } from "../../protocol/acknowledgement.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { networkIdOf } from "../../protocol/message.ts";
import { formatNetworkFile, type NetworkFile } from "../../protocol/network-file.ts";
import { lock } from "../../protocol/output.ts";
import { ownerOf } from "../../protocol/key.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { auditOf, signRecord } from "../../protocol/record.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { startChild } from "../node/service/child.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { until } from "../support/until.ts";
import { ask } from "./support/bank.ts";
import { post } from "./support/device.ts";
import { NodeDouble } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

const chainNumber = 31_337;
const address: Hex = `0x${"11".repeat(20)}`;
const anchor: Hex = `0x${"22".repeat(32)}`;
const networkId = networkIdOf(BigInt(chainNumber), fromHex(address), fromHex(anchor));

type Urls = { readonly devices: string; readonly staff: string; readonly management: string };

describe("the gateway's process", () => {
  const makeFolder = temporaryFolders();
  const children: ReturnType<typeof startChild>[] = [];
  let folder: string;
  let node: NodeDouble;

  beforeEach(async () => {
    folder = await makeFolder();
    node = new NodeDouble();
    node.networkId = networkId;
    await node.start();
    await writeFile(join(folder, "network.json"), formatNetworkFile(network(networkId)));
    for (const name of ["issuer", "treasury", "intake"]) {
      await createKeyFile(join(folder, `${name}.json`), StoredKey.generate("P-256"));
    }
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill("SIGKILL");
      await child.ended;
    }
    await node.stop();
  });

  const configure = async (more = "", file = "gateway.yaml") => {
    const key = toHex(NodeSigner.generate().publicKey);
    const text = `network: network.json
data: data
member: 1
node: ${node.url}
keys: { issuer: issuer.json, treasury: treasury.json, intake: intake.json }
authority: { trustKey: "${key}", lists: lists.bin }
devices: { port: 0 }
staff: { port: 0, access: open }
management: { port: 0 }
log: { level: trace }
${more}`;
    await writeFile(join(folder, file), text);
    return join(folder, file);
  };
  const run = (config: string) => {
    const child = startChild("../../../scripts/tallystick.ts", ["gateway", "--config", config]);
    children.push(child);
    return child;
  };
  const started = async (config: string) => {
    const child = run(config);
    const urls = JSON.parse(await child.line("{")) as Urls;
    return { child, urls };
  };

  it("says where it listens, stops when it is told to, and leaves no port [R-092]", async () => {
    const { child, urls } = await started(await configure());
    expect(await ask(`${urls.management}/livez`)).to.deep.equal({ status: "ok" });
    expect(await ask<object>(`${urls.staff}/v1/books`)).to.include({ total: "0" });
    child.process.kill("SIGTERM");
    expect((await child.ended).code).to.equal(0);
    for (const url of Object.values(urls)) expect(await isOpen(url)).to.equal(false);
  });

  it("refuses a configuration with a misspelt key, and names its place", async () => {
    const config = await configure("intakes: { leavesMax: 5000 }");
    const { code, stderr, stdout } = await run(config).ended;
    expect(code).to.equal(78);
    expect(stdout).to.equal("");
    expect(stderr).to.match(/gateway\.yaml:\d+:1: "intakes" is not known; did you mean "intake"\?/);
  });

  it("says in its configuration who of the staff may call, or does not start", async () => {
    const wrong = {
      "": /staff\.access is missing/,
      "access: everybody": /staff\.access must be one of open, tokens/,
      "access: tokens": /staff\.access is tokens: staff\.tokens says which count/,
      "access: tokens, tokens: { keys: none.json }": /none\.json cannot be read \(ENOENT\)/,
      'access: tokens, tokens: { keys: "http://keys.example/jwks" }': /read it over https/,
    };
    const config = await configure();
    const text = await readFile(config, "utf8");
    const outcomes = await Promise.all(
      Object.keys(wrong).map(async (access, i) => {
        const path = join(folder, `gateway-${i}.yaml`);
        await writeFile(path, text.replace(", access: open", access && `, ${access}`));
        return run(path).ended;
      }),
    );
    for (const [i, message] of Object.values(wrong).entries()) {
      expect(outcomes[i]!.code).to.equal(78);
      expect(outcomes[i]!.stderr).to.match(message);
    }
  });

  it("takes tokens that its own command has made, by role", async () => {
    const files = { key: join(folder, "staff.json"), set: join(folder, "staff-keys.json") };
    const command = (...args: string[]) => {
      const child = startChild("../../../scripts/tallystick.ts", ["gateway", "staff", ...args]);
      children.push(child);
      return child.ended;
    };
    expect((await command("key", "--key", files.key, "--set", files.set)).code).to.equal(0);
    const config = await configure();
    const text = await readFile(config, "utf8");
    const tokens = "access: tokens, tokens: { keys: staff-keys.json }";
    await writeFile(config, text.replace("access: open", tokens));
    const [made, { urls }] = await Promise.all([
      command("token", "--key", files.key, "--name", "zoe", "--role", "auditor"),
      started(config),
    ]);
    expect(made.code).to.equal(0);
    const token = made.stdout.trim();
    expect(await ask<object>(`${urls.staff}/v1/books`, undefined, token)).to.include({
      total: "0",
    });
    await refusal("unauthorised", ask(`${urls.staff}/v1/books`));
    const account = { account: "a", customer: "c" };
    await refusal("forbidden", ask(`${urls.staff}/v1/accounts`, account, token));
    const again = await command("key", "--key", files.key, "--set", files.set);
    expect(again.stderr).to.match(/^conflict: .*never written over/);
  });

  it("refuses a network file that is not there, and has changed nothing then", async () => {
    const config = await configure();
    await rm(join(folder, "network.json"));
    const { code, stderr } = await run(config).ended;
    expect(code).to.equal(78);
    expect(stderr).to.include("network.json cannot be read (ENOENT)");
    expect(await readdir(folder)).not.to.include("data");
  });

  it("refuses a key that others may read, and has changed nothing then", async () => {
    await chmod(join(folder, "treasury.json"), 0o644);
    const { code, stderr } = await run(await configure()).ended;
    expect(code).to.equal(78);
    expect(stderr).to.include("treasury.json has mode 644");
    expect(await readdir(folder)).not.to.include("data");
  });

  it("refuses a node of another network, and a folder of another network", async () => {
    const config = await configure();
    node.networkId = `0x${"77".repeat(32)}`;
    const other = await run(config).ended;
    expect(other.code).to.equal(78);
    expect(other.stderr).to.include("the node is of another network");
    const wrong = await makeFolder();
    await mkdir(join(wrong, "data"));
    const marker = await readFile(join(folder, "data", "folder.json"), "utf8");
    await writeFile(
      join(wrong, "data", "folder.json"),
      marker.replace(networkId, `0x${"88".repeat(32)}`),
    );
    const moved = await configure(undefined, "moved.yaml");
    const text = await readFile(moved, "utf8");
    await writeFile(moved, text.replace("data: data", `data: ${join(wrong, "data")}`));
    const { code, stderr } = await run(moved).ended;
    expect(code).to.equal(78);
    expect(stderr).to.include("belongs to");
  });

  it("refuses a folder that another gateway holds, and a port that is taken", async () => {
    const { urls } = await started(await configure());
    const second = await run(await configure(undefined, "second.yaml")).ended;
    expect(second.code).to.equal(78);
    const config = await configure(undefined, "third.yaml");
    const text = await readFile(config, "utf8");
    const { port } = new URL(urls.devices);
    await writeFile(
      config,
      text
        .replace("data: data", "data: third")
        .replace("devices: { port: 0 }", `devices: { port: ${port} }`),
    );
    const third = await run(config).ended;
    expect(third.code).to.equal(78);
    expect(third.stderr).to.include(`port ${port} on 127.0.0.1 is taken`);
    const open = text.replace(
      "management: { port: 0 }",
      'management: { host: "0.0.0.0", port: 0 }',
    );
    await writeFile(config, open.replace("data: data", "data: fourth"));
    const fourth = await run(config).ended;
    expect(fourth.code).to.equal(78);
    expect(fourth.stderr).to.include("to listen on 0.0.0.0, which others can reach, takes TLS");
  });

  it("asks a node elsewhere over mutual TLS, and refuses to ask one in the clear, or without a certificate [R-152]", async () => {
    const root = makeCertificate("root");
    const issuer = { name: "root", privateKey: root.privateKey };
    const [its, own] = [makeCertificate("node", issuer), makeCertificate("gateway", issuer)];
    await writeFile(join(folder, "root.pem"), root.certificate);
    await writeFile(join(folder, "own.pem"), own.certificate);
    await writeFile(join(folder, "own.key"), own.key, { mode: 0o600 });
    const nodeTls = "nodeTls: { certificate: own.pem, key: own.key, authority: root.pem }";
    await node.stop();
    node.tls = { certificate: its.certificate, key: its.key, authority: root.certificate };
    await node.start();
    const without = await run(await configure()).ended;
    expect(without.code).to.equal(78);
    expect(without.stderr).to.include("takes nodeTls");
    const config = await configure(nodeTls);
    await chmod(join(folder, "own.key"), 0o644);
    const exposed = await run(config).ended;
    expect(exposed.code).to.equal(78);
    expect(exposed.stderr).to.include("own.key has mode 644");
    await chmod(join(folder, "own.key"), 0o600);
    const text = await readFile(config, "utf8");
    await writeFile(config, text.replace(node.url, "http://10.0.0.9:7101"));
    const clear = await run(config).ended;
    expect(clear.code).to.equal(78);
    expect(clear.stderr).to.include("http://10.0.0.9:7101 is not on this machine");
    const core = "accounts: { core: { url: 'http://10.0.0.9:8100' } }";
    await writeFile(config, `${text}\n${core}\n`);
    const exposing = await run(config).ended;
    expect(exposing.code).to.equal(78);
    expect(exposing.stderr).to.include("http://10.0.0.9:8100 is not on this machine");
    expect(await readdir(folder)).not.to.include("data");
    await writeFile(config, text);
    const { urls } = await started(config);
    const ready = await describedFetch(`${urls.management}/readyz`);
    const { checks } = (await ready.json()) as { checks: Record<string, string> };
    // All that it lacks it has been told by the node, or has nothing to do with it.
    expect(Object.keys(checks)).to.have.members(["keys", "trust list"]);
  });

  it("keeps every acknowledged leaf through kill -9 in the middle of work [N-13]", async () => {
    node.recorder = () => undefined;
    const config = await configure();
    const acknowledged = new Set<Hex>();
    const signer = NodeSigner.generate();
    let isRunning = true;
    let url = "";
    const clients = Array.from({ length: 3 }, async () => {
      while (isRunning) {
        const leaves = await Promise.all(Array.from({ length: 5 }, () => leafOf(signer)));
        try {
          decodeAcknowledgement(await post(`${url}/v1/leaves`, encodeLeaves(leaves)));
          for (const leaf of leaves) acknowledged.add(leafHash(leaf));
        } catch {
          // Nobody has promised these.
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged.size;
      const { child, urls } = await started(config);
      url = urls.devices;
      await until("something is acknowledged", () => acknowledged.size > before + 20);
      child.process.kill("SIGKILL");
      expect((await child.ended).signal).to.equal("SIGKILL");
    }
    isRunning = false;
    await Promise.all(clients);
    const handed = new Set<Hex>();
    node.recorder = (leaves) => {
      for (const leaf of leaves) handed.add(leafHash(leaf));
    };
    await started(config);
    await until("all are handed on", () => [...acknowledged].every((hash) => handed.has(hash)));
    expect(acknowledged.size).to.be.above(60);
  });

  it("shows no private key and no credential, in its logs or to anyone who asks", async () => {
    const { child, urls } = await started(await configure());
    await ask(`${urls.staff}/v1/accounts`, { account: "anna", customer: "c-1" });
    const { credential } = await ask<{ credential: string }>(
      `${urls.staff}/v1/accounts/anna/credentials`,
      {},
    );
    const paths = ["/v1/accounts", "/v1/accounts/anna", "/v1/vault", "/v1/books"];
    const seen: string[] = [];
    for (const path of paths) {
      seen.push(await (await describedFetch(urls.staff + path)).text());
      seen.push(await (await describedFetch(urls.devices + path)).text());
    }
    seen.push(await (await describedFetch(`${urls.devices}/v1/member`)).text());
    for (const path of ["/metrics", "/readyz"])
      seen.push(await (await describedFetch(urls.management + path)).text());
    child.process.kill("SIGTERM");
    const { stderr, stdout } = await child.ended;
    const said = [...seen, stderr, stdout].join("\n");
    const secrets = [credential];
    for (const name of ["issuer", "treasury", "intake"]) {
      const file = await readFile(join(folder, `${name}.json`), "utf8");
      secrets.push((JSON.parse(file) as { privateKey: string }).privateKey.slice(2));
    }
    expect(said.length).to.be.above(500);
    for (const secret of secrets) expect(said.includes(secret)).to.equal(false);
    const store = join(folder, "data", "gateway");
    for (const name of await readdir(store)) {
      const disk = await readFile(join(store, name));
      for (const secret of secrets) expect(disk.includes(secret)).to.equal(false);
    }
  });
});

async function leafOf(signer: NodeSigner): Promise<Uint8Array> {
  const owner = ownerOf(signer.publicKey);
  const record = await signRecord(
    fromHex(networkId),
    {
      kind: "spend",
      inputs: [toHex(randomBytes(33))],
      outputs: [{ lock: lock.key, owner, custodian: 1, amount: 1n }],
      counter: 1,
      time: 0,
      nonce: randomBytes(16),
      audit: auditOf(new Uint8Array()),
    },
    signer,
  );
  return record.bytes;
}

function network(id: Hex): NetworkFile {
  return {
    version: 1,
    networkId: id,
    chainId: chainNumber,
    anchor,
    openedAtBlock: 1,
    contracts: { accessManager: address, registry: address, token: address, settlement: address },
    rpcUrls: ["http://127.0.0.1:1"],
    currency: { code: "EUR", digits: 2 },
    gateways: [],
  };
}

function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
