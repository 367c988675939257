/** The node as a process: what it refuses to start on, and that it has changed nothing then. */
import { chmod, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { approve, deposit as depositOf } from "../../node/chain/calls.ts";
import { NodeClient, NodeUnreachableError } from "../../node/client.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import type { TlsMaterial } from "../../node/service/listener.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { LedgerStore, type Scan } from "../../node/store/ledger-store.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { networkIdOf } from "../../protocol/message.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { ChainProxy } from "../support/chain-proxy.ts";
import { makeChain } from "../support/chain.ts";
import { freePort } from "../support/free-port.ts";
import { operator, seed, TestNetwork, validatorKey } from "../support/network.ts";
import { until } from "../support/until.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { startChild } from "./service/child.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";

const TLS = "tls: { certificate: own.pem, key: own.key, authority: root.pem }";
const JOURNAL = "journal.txt";

describe("the node's process", () => {
  const makeFolder = temporaryFolders();
  const children: ReturnType<typeof startChild>[] = [];
  let net: TestNetwork;
  let folder: string;

  before(async () => {
    net = await TestNetwork.open();
  });
  after(async () => {
    await net[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    folder = await makeFolder();
    await writeFile(join(folder, "network.json"), formatNetworkFile(net.network));
    const keys = {
      peer: new StoredKey("Ed25519", seed("peer 1")),
      validator: new StoredKey("secp256k1", validatorKey(1)),
      operator: new StoredKey("secp256k1", seed("account operator 1")),
    };
    for (const [name, key] of Object.entries(keys)) {
      await createKeyFile(join(folder, `${name}.json`), key);
    }
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill("SIGKILL");
      await child.ended;
    }
  });

  /** @param more top-level lines besides. */
  const configure = async (more = "", port = 0, data = "data", api = "") => {
    const text = `network: network.json
data: ${data}
member: 1
keys: { peer: peer.json, validator: validator.json, operator: operator.json }
gossip: { listen: [/ip4/127.0.0.1/tcp/0] }
api: { port: ${port}, ${api} }
${more}`;
    await writeFile(join(folder, "node.yaml"), text);
    return join(folder, "node.yaml");
  };
  const run = (config: string) => {
    const child = startChild("../../../scripts/tallystick.ts", ["node", "--config", config]);
    children.push(child);
    return child;
  };

  /** What it says on stderr, once it has ended as a supervisor is told not to start it again. */
  const refused = async (config: string) => {
    const { code, stderr, stdout } = await run(config).ended;
    expect(code).to.equal(78);
    expect(stdout).to.equal("");
    expect(await readdir(folder)).not.to.include("data");
    return stderr;
  };

  const started = async (config: string) => {
    const child = run(config);
    const { api } = JSON.parse(await child.line("{")) as { api: string };
    return { child, node: new NodeClient({ url: api }) };
  };

  it("refuses a misspelt key of its configuration with line, column and a suggestion, and changes nothing", async () => {
    const said = await refused(await configure("gosip: {}"));
    expect(said).to.match(/^bad-configuration: .*node\.yaml:\d+:1: "gosip" is not known/);
    expect(said).to.include('did you mean "gossip"?');
  });

  it("refuses a network file that is not there or is none, and changes nothing", async () => {
    const config = await configure();
    await rm(join(folder, "network.json"));
    expect(await refused(config)).to.include("network.json cannot be read (ENOENT)");
    await writeFile(join(folder, "network.json"), "{");
    expect(await refused(config)).to.include("bad-configuration");
  });

  it("refuses a key that others may read, and changes nothing", async () => {
    await chmod(join(folder, "validator.json"), 0o640);
    expect(await refused(await configure())).to.include("validator.json has mode 640");
  });

  it("refuses the file of another network than its chain has, and changes nothing", async () => {
    const { chainId, contracts } = net.network;
    const anchor: Hex = `0x${"77".repeat(32)}`;
    const networkId = networkIdOf(BigInt(chainId), fromHex(contracts.registry), fromHex(anchor));
    const other = { ...net.network, anchor, networkId };
    await writeFile(join(folder, "network.json"), formatNetworkFile(other));
    const said = await refused(await configure());
    expect(said).to.include(`the registry is of network ${net.network.networkId}`);
    expect(said).to.include("wrong-network");
  });

  for (const [what, change, code, says] of [
    [
      "of another network",
      { networkId: `0x${"88".repeat(32)}` },
      "wrong-network",
      "belongs to 0x88",
    ],
    ["of a gateway", { kind: "gateway" }, "wrong-folder", "belongs to a gateway, not to a node"],
    [
      "of an older format",
      { format: 2 },
      "unsupported-version",
      "has format 2, this software reads 3: give the node an empty folder",
    ],
  ] as const) {
    it(`refuses a folder ${what}, and changes nothing in it`, async () => {
      const data = await makeFolder();
      const { networkId } = net.network;
      const created = new Date().toISOString();
      const marker = { software: "tallystick", format: 3, kind: "node", networkId, created };
      const text = JSON.stringify({ ...marker, stores: ["ledger"], ...change });
      await writeFile(join(data, "folder.json"), text);
      const said = await refused(await configure("", 0, data));
      expect(said).to.include(code).and.include(says);
      expect(await readdir(data)).to.deep.equal(["folder.json"]);
      expect(await readFile(join(data, "folder.json"), "utf8")).to.equal(text);
    });
  }

  it("refuses a folder that is full of something else, and changes nothing in it", async () => {
    const data = await makeFolder();
    await writeFile(join(data, "thesis.txt"), "my thesis");
    const said = await refused(await configure("", 0, data));
    expect(said).to.include("wrong-folder").and.include("is not empty").and.include("thesis.txt");
    expect(await readdir(data)).to.deep.equal(["thesis.txt"]);
  });

  it("refuses a port that is taken, and changes nothing", async () => {
    const { port } = new URL(net.url);
    const said = await refused(await configure("", Number(port)));
    expect(said).to.include("in-use").and.include(`port ${port} on 127.0.0.1 is taken`);
  });

  it("speaks mutual TLS where it is told to: to holders of a certificate by its authority, and to nobody else [R-152]", async () => {
    const { friend, authority } = await writeCertificates(folder);
    const config = await configure("", 0, "data", TLS);
    const child = run(config);
    const { api } = JSON.parse(await child.line("{")) as { api: string };
    expect(api).to.match(/^https:/);
    const ask = (tls?: TlsMaterial) =>
      new NodeClient({ url: api, timeoutMs: 60_000, ...(tls === undefined ? {} : { tls }) });
    const known = ask({ ...friend, authority });
    await until("it has begun", async () => (await known.status()).seq > 0);
    expect(await known.statuses([`0x${"ab".repeat(32)}`])).to.have.length(1);
    await expectRefusal("not-found", known.leaf(`0x${"ab".repeat(32)}`));
    const stop = new AbortController();
    for await (const { seq } of known.events(0, stop.signal)) {
      expect(seq).to.equal(1);
      stop.abort();
    }
    const root = makeCertificate("another root");
    const stranger = makeCertificate("friend", { name: "root", privateKey: root.privateKey });
    for (const [who, client] of [
      ["nobody", ask()],
      ["a stranger", ask({ ...stranger, authority })],
      ["one who takes it for another", ask({ ...friend, authority: root.certificate })],
    ] as const) {
      const error = await client.status().catch((thrown: unknown) => thrown);
      expect(error, who).to.be.instanceOf(NodeUnreachableError);
    }
  });

  it("refuses to be asked by others without TLS, and TLS files that are none or that others may read, and changes nothing", async () => {
    const open = await configure("", 0, "data", 'host: "0.0.0.0"');
    expect(await refused(open)).to.include(
      "to listen on 0.0.0.0, which others can reach, takes TLS",
    );
    await writeCertificates(folder);
    const config = await configure("", 0, "data", TLS);
    await chmod(join(folder, "own.key"), 0o644);
    expect(await refused(config))
      .to.include("exposed-key")
      .and.include("own.key has mode 644");
    await chmod(join(folder, "own.key"), 0o600);
    await writeFile(join(folder, "own.pem"), "no certificate");
    expect(await refused(config))
      .to.include("bad-configuration")
      .and.include("own.pem");
  });

  it("says from the start on that it waits for its chain, ends when it is told to, and serves once the chain answers", async () => {
    await using proxy = new ChainProxy(net.url);
    const rpcUrls = [await proxy.start()];
    await writeFile(join(folder, "network.json"), formatNetworkFile({ ...net.network, rpcUrls }));
    proxy.decide = () => "cut";
    const port = await freePort();
    const config = await configure("", port);
    const url = `http://127.0.0.1:${port}`;
    const waiting = async () => {
      const child = run(config);
      await until("it listens", async () => await answers(`${url}/livez`));
      await until(
        "it names its chain",
        async () => (await notReady(url))["chain"] === "chain-down",
      );
      return child;
    };
    const given = await waiting();
    expect(await notReady(url)).to.deep.equal({
      chain: "chain-down",
      ledger: "it is not open yet",
    });
    const status = await fetch(`${url}/v1/status`);
    expect(status.status).to.equal(503);
    expect(await status.json()).to.deep.include({
      code: "unavailable",
      detail: "the node is starting; its chain: chain-down",
    });
    given.process.kill("SIGTERM");
    expect(await given.ended).to.include({ code: 0, stdout: "" });
    expect(await answers(`${url}/livez`)).to.equal(false);
    expect(await readdir(folder)).not.to.include("data");

    const child = await waiting();
    proxy.decide = () => "pass";
    await child.line("{");
    await until("it is ready", async () => (await fetch(`${url}/readyz`)).ok);
  });

  it("refuses a chain that has another history than the one it folded, and leaves its ledger as it was", async () => {
    const fork = await makeFolder();
    await cp(join(net.folder, JOURNAL), join(fork, JOURNAL));
    await using other = makeChain(fork);
    const otherUrl = await other.start();
    const config = await configure();
    await deposit(1, net.url);
    await deposit(2, otherUrl);
    const { child, node } = await started(config);
    await until("the deposit is folded", async () => (await node.status()).supply === "1000");
    child.process.kill("SIGTERM");
    expect((await child.ended).code).to.equal(0);
    const before = await ledgerIn(join(folder, "data"));
    await configure(`chain: { url: "${otherUrl}" }`);
    const { code, stderr } = await run(config).ended;
    expect(code).to.equal(78);
    expect(stderr).to.include("the chain lost its history").and.include("lost-history");
    expect(await ledgerIn(join(folder, "data"))).to.deep.equal(before);
  });

  async function deposit(member: number, url: string): Promise<void> {
    await using chain = net.client({ key: operator(member) }, { rpcUrls: [url] });
    await chain.start();
    await chain.send(approve(net.network.contracts.settlement, 1_000n));
    await chain.send(depositOf(member, 1_000n));
  }
});

/** Writes the node's own. Returns a friend's, by the same authority. */
async function writeCertificates(folder: string) {
  const root = makeCertificate("root");
  const issuer = { name: "root", privateKey: root.privateKey };
  const [own, friend] = [makeCertificate("node", issuer), makeCertificate("friend", issuer)];
  await writeFile(join(folder, "own.pem"), own.certificate);
  await writeFile(join(folder, "own.key"), own.key, { mode: 0o600 });
  await writeFile(join(folder, "root.pem"), root.certificate);
  return { friend, authority: root.certificate };
}

async function expectRefusal(code: RefusalCode, work: Promise<unknown>): Promise<void> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(isRefusal(error, code), String(error)).to.equal(true);
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** What /readyz says is not ready, by name. */
async function notReady(url: string): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).to.equal(503);
  return ((await answer.json()) as { checks: Record<string, string> }).checks;
}

/** All that the ledger of a stopped node holds. */
async function ledgerIn(data: string): Promise<Scan> {
  await using store = await CheckedStore.open(join(data, "ledger"));
  const ledger = new LedgerStore(store);
  await ledger.load(new LedgerState(0));
  return await ledger.scan();
}
