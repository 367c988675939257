import assert from "node:assert/strict";
import { Wallet } from "ethers";
import { roles } from "../../../node/chain/abi.ts";
import { ContractReader } from "../../../node/chain/reader.ts";
import { ChainRpc } from "../../../node/chain/rpc.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import {
  formatNetworkFile,
  type NetworkFile,
  parseNetworkFile,
} from "../../../protocol/network-file.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { type DeployParts, deployNetwork } from "../../../scripts/deploy/deploy.ts";
import { ChainProxy } from "../../support/chain-proxy.ts";
import { call, CHAIN_ID, makeChain, makeFolder, until } from "../../support/chain.ts";
import { account, authority, deployer, fund, planOf, quiet, seed } from "../../support/network.ts";

const never = new AbortController().signal;
const plan = planOf(4);

function parts(url: string, more: Partial<DeployParts> = {}): DeployParts {
  return { rpcUrls: [url], deployer, logger: quiet, ...more };
}

async function nonceOf(url: string, address: Hex): Promise<number> {
  return Number(await call<Hex>(url, "eth_getTransactionCount", address, "latest"));
}

function transferBy(name: string): Promise<string> {
  const { address } = account(name);
  return new Wallet(toHex(seed(`account ${name}`))).signTransaction({
    type: 2,
    chainId: CHAIN_ID,
    nonce: 0,
    to: address,
    gasLimit: 21_000,
    maxFeePerGas: 10n ** 9n,
    maxPriorityFeePerGas: 0n,
  });
}

/** Everything that a deployment leaves on chain, as far as it can be read. */
async function readAll(url: string, { contracts }: NetworkFile) {
  const rpc = new ChainRpc({ urls: [url], chainId: CHAIN_ID, timeoutMs: 60_000 });
  try {
    const reader = new ContractReader(rpc, contracts);
    const hasRole = async (role: number, address: Hex) => [
      ...(await reader.read("accessManager", "hasRole", [role, address])),
    ];
    const directory = await reader.directory();
    return {
      parameters: await reader.parameters(),
      directory,
      tokens: await Promise.all(directory.members.map(({ operator }) => reader.tokensOf(operator))),
      issued: (await reader.read("token", "totalSupply"))[0] as bigint,
      isWriter: (await reader.read("registry", "isWriter", [contracts.settlement]))[0] as boolean,
      isArbiter: (await reader.read("settlement", "isArbiter", [contracts.disputes]))[0] as boolean,
      isParticipant: (
        await reader.read("token", "isParticipant", [contracts.settlement])
      )[0] as boolean,
      regulators: await Promise.all(
        [authority.address, deployer.address].map((each) => hasRole(roles.REGULATOR, each)),
      ),
      deployer: await Promise.all(
        [0, roles.AUTHORITY].map((role) => hasRole(role, deployer.address)),
      ),
      authority: await Promise.all(
        [0, roles.AUTHORITY].map((role) => hasRole(role, authority.address)),
      ),
      seq: (await reader.read("registry", "seq"))[0] as bigint,
    };
  } finally {
    rpc.destroy();
  }
}

/** Guarantees say from when on they hold. */
function withoutTimes(found: Awaited<ReturnType<typeof readAll>>) {
  const members = found.directory.members.map((member) => ({
    ...member,
    guarantee: member.guarantee.next,
  }));
  return { ...found, directory: { ...found.directory, members } };
}

describe("deploying a network", () => {
  it("opens it as planned and hands it to the authority, the deployer keeping nothing [R-073]", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    await fund(url, [deployer.address]);
    const network = await deployNetwork(parts(url), plan, never);
    const found = await readAll(url, network);
    assert.deepEqual(found.parameters, plan.parameters);
    assert.deepEqual(
      found.directory.members.map(({ guarantee, ...same }, index) => ({
        ...same,
        guarantee: guarantee.next,
        reserve: found.tokens[index],
      })),
      plan.members.map(({ reserve, ...same }, index) => ({
        ...same,
        member: index + 1,
        status: 1,
        reserve,
      })),
    );
    assert.deepEqual(found.directory.observers, plan.observers);
    assert.equal(found.isWriter, true);
    assert.deepEqual([found.isArbiter, found.isParticipant], [true, true]);
    assert.deepEqual(found.regulators, [
      [true, 0n],
      [false, 0n],
    ]);
    assert.deepEqual(
      found.deployer.map(([holds]) => holds),
      [false, false],
    );
    assert.deepEqual(found.authority, [
      [true, 2n],
      [true, 2n],
    ]);
    assert.equal(found.seq, 5n);
  });

  it("lets whom the plan names rule on cases, and the authority no longer", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    await fund(url, [deployer.address]);
    const regulator = account("regulator").address;
    const { contracts } = await deployNetwork(parts(url), { ...plan, regulator }, never);
    const rpc = new ChainRpc({ urls: [url], chainId: CHAIN_ID, timeoutMs: 60_000 });
    const reader = new ContractReader(rpc, contracts);
    const rules = async (each: Hex): Promise<boolean> =>
      (await reader.read("accessManager", "hasRole", [roles.REGULATOR, each]))[0];
    assert.deepEqual([await rules(regulator), await rules(authority.address)], [true, false]);
    rpc.destroy();
  });

  it("writes a network file that proves itself, without secrets", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    await fund(url, [deployer.address]);
    const network = await deployNetwork(parts(url), plan, never);
    assert.deepEqual(parseNetworkFile(formatNetworkFile(network)), network);
    assert.deepEqual(network.currency, plan.currency);
    assert.ok(!formatNetworkFile(network).includes(toHex(seed("account deployer")).slice(2)));
    const block = await call<{ hash: Hex }>(
      url,
      "eth_getBlockByNumber",
      `0x${(network.openedAtBlock - 1).toString(16)}`,
      false,
    );
    assert.equal(block.hash, network.anchor);
  });

  it("changes nothing on a network that stands, and describes it the same", async () => {
    await using folder = await makeFolder();
    let network: NetworkFile;
    {
      await using chain = makeChain(folder.path);
      const url = await chain.start();
      await fund(url, [deployer.address]);
      network = await deployNetwork(parts(url), plan, never);
    }
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    const before = await nonceOf(url, deployer.address);
    assert.deepEqual(await deployNetwork(parts(url), planOf(7), never), {
      ...network,
      rpcUrls: [url],
    });
    assert.equal(await nonceOf(url, deployer.address), before);
  });

  it("goes on where it was when it is cut off after any transaction", async () => {
    const pair = planOf(2);
    const transactions = 10 + 1 + 5 + 2 + 1 + 2 + 1;
    let whole: Awaited<ReturnType<typeof readAll>> | undefined;
    let cuts = 0;
    for (let finished = false; !finished; cuts++) {
      await using folder = await makeFolder();
      await using chain = makeChain(folder.path, { blockPeriodMs: 5 });
      const url = await chain.start();
      await fund(url, [deployer.address]);
      await using proxy = new ChainProxy(url);
      const stop = new AbortController();
      let sent = 0;
      proxy.decide = ({ method }) => {
        if (sent > cuts) return "cut";
        if (method === "eth_sendRawTransaction" && sent++ === cuts) {
          stop.abort();
          return "cut";
        }
        return "pass";
      };
      const cut = deployNetwork(parts(await proxy.start()), pair, stop.signal);
      finished = await cut.then(
        () => true,
        () => false,
      );
      assert.equal(finished, sent <= cuts);
      const network = await deployNetwork(parts(url), pair, never);
      const found = await readAll(url, network);
      whole ??= found;
      assert.deepEqual(withoutTimes(found), withoutTimes(whole), `cut after ${cuts} transactions`);
      assert.deepEqual(
        await nonceOf(url, deployer.address),
        transactions,
        `cut after ${cuts} transactions`,
      );
    }
    assert.equal(cuts, transactions + 1);
  });

  it("waits for what an earlier run sent and did not see included", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path, { blockPeriodMs: 400 });
    const url = await chain.start();
    await fund(url, [deployer.address]);
    await using proxy = new ChainProxy(url);
    const stop = new AbortController();
    // The transaction arrives and its answer does not.
    proxy.alter = ({ method }, result) => {
      if (method === "eth_sendRawTransaction") stop.abort();
      return result;
    };
    await assert.rejects(deployNetwork(parts(await proxy.start()), plan, stop.signal), {
      name: "AbortError",
    });
    const network = await deployNetwork(parts(url), plan, never);
    assert.equal((await readAll(url, network)).seq, 5n);
  });

  it("refuses an account that has sent anything else, and a plan with other members", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    const used = account("used");
    await fund(url, [deployer.address, used.address]);
    const stop = new AbortController();
    await using proxy = new ChainProxy(url);
    let admitted = 0;
    proxy.decide = ({ method }) => {
      if (method === "eth_sendRawTransaction" && ++admitted > 10 + 1 + 7 + 2) {
        stop.abort();
        return "cut";
      }
      return "pass";
    };
    await assert.rejects(deployNetwork(parts(await proxy.start()), plan, stop.signal));
    const swapped = { ...plan, members: plan.members.toReversed() };
    await assert.rejects(
      deployNetwork(parts(url), swapped, never),
      (error) => isRefusal(error, "conflict") && /member 1 is/.test(error.message),
    );
    await assert.rejects(deployNetwork(parts(url, { deployer: authority }), plan, never), (error) =>
      isRefusal(error, "bad-configuration"),
    );
    // An account whose first transaction was another.
    await deployNetwork(parts(url), plan, never);
    await call(url, "eth_sendRawTransaction", await transferBy("used"));
    await until(async () => (await nonceOf(url, used.address)) === 1);
    await assert.rejects(
      deployNetwork(parts(url, { deployer: used }), plan, never),
      (error) => isRefusal(error, "conflict") && error.message.includes(used.address),
    );
    assert.equal(await nonceOf(url, used.address), 1);
  });
});
