import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Hex } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import {
  burner,
  call,
  CHAIN_ID,
  chainOptions,
  forkChain,
  makeChain,
  makeFolder,
  payer,
  transfer,
  until,
} from "../../support/chain.ts";

type Block = {
  readonly number: Hex;
  readonly hash: Hex;
  readonly timestamp: Hex;
  readonly transactions: readonly Hex[];
};

function block(url: string, name: string | number): Promise<Block | null> {
  const number = typeof name === "number" ? `0x${name.toString(16)}` : name;
  return call(url, "eth_getBlockByNumber", number, false);
}

async function blocks(url: string): Promise<readonly Block[]> {
  const head = Number((await block(url, "latest"))!.number);
  return Promise.all(
    Array.from({ length: head + 1 }, async (_, number) => (await block(url, number))!),
  );
}

async function receipt(
  url: string,
  hash: string,
): Promise<{ readonly blockNumber: Hex; readonly status: Hex }> {
  return until(() => call(url, "eth_getTransactionReceipt", hash));
}

describe("the embedded chain", () => {
  it("seals a block when something waits, and none while nothing does", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    assert.equal(Number(await call(url, "eth_chainId")), CHAIN_ID);
    const hash = await call<string>(url, "eth_sendRawTransaction", await transfer(0));
    assert.equal(Number((await receipt(url, hash)).blockNumber), 1);
    // Ten block periods.
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(Number(await call(url, "eth_blockNumber")), 1);
  });

  it("comes back from a restart with the same blocks, whatever was read or left over in between", async () => {
    await using folder = await makeFolder();
    let seen: readonly Block[] = [];
    for (let life = 0; life < 3; life++) {
      await using chain = makeChain(folder.path);
      const url = await chain.start();
      assert.deepEqual(await blocks(url), life === 0 ? await blocks(url) : seen);
      const raws = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index < 7 ? burner : transfer)(10 * life + index),
        ),
      );
      const hashes = await Promise.all(
        raws.map((raw) => call<string>(url, "eth_sendRawTransaction", raw)),
      );
      await block(url, "pending");
      await call(url, "eth_estimateGas", { from: payer.address, to: payer.address });
      for (const hash of hashes) await receipt(url, hash);
      seen = await blocks(url);
      assert.equal(seen.flatMap(({ transactions }) => transactions).length, 10 * (life + 1));
      // Three burners fill a block: with seven, some were left over twice.
      assert.ok(seen.every(({ transactions }) => transactions.length <= 6));
    }
    assert.ok(seen.length > 3 * 3);
  });

  it("makes the same first block for the same genesis, and another for another time", async () => {
    const genesisAt = async (now: number): Promise<Hex> => {
      await using folder = await makeFolder();
      await using chain = makeChain(folder.path, {}, () => now);
      return (await block(await chain.start(), 0))!.hash;
    };
    assert.equal(await genesisAt(1_800_000_000_000), await genesisAt(1_800_000_000_000));
    assert.notEqual(await genesisAt(1_800_000_000_000), await genesisAt(1_800_000_001_000));
  });

  it("loses no block that anyone saw when it is killed while transactions pour in", async () => {
    await using folder = await makeFolder();
    const seen = new Map<number, Hex>();
    let nonce = 0;
    let kills = 0;
    for (; kills < 4; kills++) {
      const { child, message } = await forkChain(chainOptions(folder.path));
      assert.equal(message.kind, "listening");
      const { url } = message as { url: string };
      for (const [number, hash] of seen)
        assert.equal((await block(url, number))?.hash, hash, `block ${number}`);
      // What was not sealed is gone; the account goes on where the chain stands.
      nonce = Number(await call(url, "eth_getTransactionCount", payer.address, "pending"));
      const exited = once(child, "exit");
      const sealedBefore = seen.size;
      let killer: NodeJS.Timeout | undefined;
      try {
        for (;;) {
          const from = nonce;
          nonce += 25;
          const signed = await Promise.all(
            Array.from({ length: 25 }, (_, i) => transfer(from + i)),
          );
          await Promise.all(signed.map((raw) => call(url, "eth_sendRawTransaction", raw)));
          const head = (await block(url, "latest"))!;
          seen.set(Number(head.number), head.hash);
          if (seen.size >= sealedBefore + 3)
            killer ??= setTimeout(() => child.kill("SIGKILL"), 7 * kills);
        }
      } catch (error) {
        // The connection broke: it was killed.
        assert.ok(error instanceof TypeError, String(error));
      }
      assert.deepEqual(await exited, [null, "SIGKILL"]);
    }
    assert.ok(seen.size >= 3 * kills, `${seen.size} blocks seen`);
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    for (const [number, hash] of seen)
      assert.equal((await block(url, number))?.hash, hash, `block ${number}`);
  });

  it("goes on from the block before when its last journal line is torn", async () => {
    await using folder = await makeFolder();
    const journal = join(folder.path, "journal.txt");
    let seen: readonly Block[];
    {
      await using chain = makeChain(folder.path);
      const url = await chain.start();
      for (const nonce of [0, 1]) {
        await receipt(url, await call(url, "eth_sendRawTransaction", await transfer(nonce)));
      }
      seen = await blocks(url);
    }
    const whole = await readFile(journal);
    await writeFile(journal, whole.subarray(0, whole.length - 40));
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    assert.deepEqual(await blocks(url), seen.slice(0, 2));
    await receipt(url, await call(url, "eth_sendRawTransaction", await transfer(1)));
    assert.equal((await blocks(url)).length, 3);
  });

  it("refuses a journal with a damaged or missing block, and leaves it as it is", async () => {
    await using folder = await makeFolder();
    const journal = join(folder.path, "journal.txt");
    {
      await using chain = makeChain(folder.path);
      const url = await chain.start();
      for (const nonce of [0, 1, 2]) {
        await receipt(url, await call(url, "eth_sendRawTransaction", await transfer(nonce)));
      }
    }
    const lines = (await readFile(journal, "utf8")).split("\n");
    const damaged = [
      {
        text: lines.with(2, lines[2]!.replace("raw", "rav")).join("\n"),
        says: /line 3 .* is damaged/,
      },
      { text: lines.toSpliced(2, 1).join("\n"), says: /does not replay: block 2/ },
      { text: "", says: /line 1 .* has no end/ },
    ];
    for (const { text, says } of damaged) {
      await writeFile(journal, text);
      await assert.rejects(
        makeChain(folder.path).start(),
        (error) => isRefusal(error, "wrong-folder") && says.test(error.message),
      );
      assert.equal(await readFile(journal, "utf8"), text);
    }
  });

  it("refuses the journal of another chain or engine, naming both", async () => {
    await using folder = await makeFolder();
    const journal = join(folder.path, "journal.txt");
    {
      await using chain = makeChain(folder.path);
      await chain.start();
    }
    await assert.rejects(
      makeChain(folder.path, { chainId: CHAIN_ID + 1 }).start(),
      (error) => isRefusal(error, "wrong-network") && error.message.includes(`${CHAIN_ID}`),
    );
    const text = (await readFile(journal, "utf8"))
      .slice(9)
      .replace(/"hardhat":"[^"]+"/, '"hardhat":"2.0"')
      .trim();
    await writeFile(journal, `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`);
    await assert.rejects(
      makeChain(folder.path).start(),
      (error) => isRefusal(error, "wrong-folder") && /Hardhat 2\.0, this is \d/.test(error.message),
    );
  });

  it("refuses a port that is taken before it touches the folder", async () => {
    await using folder = await makeFolder();
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    try {
      const { port } = holder.address() as AddressInfo;
      await assert.rejects(
        makeChain(join(folder.path, "chain"), { port }).start(),
        (error) => isRefusal(error, "in-use") && error.message.includes(String(port)),
      );
      assert.deepEqual(await readdir(folder.path), []);
    } finally {
      holder.close();
    }
  });

  it("refuses a folder that another chain has open", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    await chain.start();
    await assert.rejects(makeChain(folder.path).start(), (error) => isRefusal(error, "in-use"));
  });

  it("does nothing that would change the chain but take signed transactions", async () => {
    await using folder = await makeFolder();
    await using chain = makeChain(folder.path);
    const url = await chain.start();
    const before = await block(url, "latest");
    const forbidden: readonly (readonly [string, ...unknown[]])[] = [
      ["evm_mine"],
      ["evm_increaseTime", 1000],
      ["evm_revert", "0x1"],
      ["hardhat_setBalance", payer.address, "0x0"],
      ["hardhat_impersonateAccount", payer.address],
      ["hardhat_reset"],
      ["eth_sendTransaction", { from: payer.address, to: payer.address }],
      ["eth_sign", payer.address, "0x00"],
      ["debug_traceTransaction", `0x${"00".repeat(32)}`],
      ["toString"],
    ];
    for (const [method, ...params] of forbidden) {
      await assert.rejects(
        call(url, method, ...params),
        /^Error: -32601: this chain does not offer /,
      );
    }
    assert.deepEqual(await block(url, "latest"), before);
    assert.ok(BigInt(await call(url, "eth_getBalance", payer.address, "latest")) > 0n);
  });

  it("keeps block times at the clock's, and never lets them go back", async () => {
    await using folder = await makeFolder();
    let now = 1_800_000_000_000;
    const timeOfNext = async (url: string, nonce: number): Promise<number> => {
      const { blockNumber } = await receipt(
        url,
        await call(url, "eth_sendRawTransaction", await transfer(nonce)),
      );
      return Number((await block(url, Number(blockNumber)))!.timestamp);
    };
    {
      await using chain = makeChain(folder.path, {}, () => now);
      const url = await chain.start();
      now += 5_999;
      assert.equal(await timeOfNext(url, 0), 1_800_000_005);
      now -= 4_000;
      assert.equal(await timeOfNext(url, 1), 1_800_000_005);
    }
    now += 86_400_000;
    await using chain = makeChain(folder.path, {}, () => now);
    const url = await chain.start();
    // What a call sees now, before any block has followed the clock.
    const pending = Number((await block(url, "pending"))!.timestamp);
    assert.ok(Math.abs(pending - now / 1000) <= 2, `${pending}`);
    assert.equal(await timeOfNext(url, 2), Math.floor(now / 1000));
  });

  it("stops sealing, says so and ends when its journal cannot be written", async () => {
    await using folder = await makeFolder();
    const { child, message } = await forkChain(chainOptions(folder.path), 4);
    assert.equal(message.kind, "listening");
    const { url } = message as { url: string };
    const failure = once(child, "message");
    const exited = once(child, "exit");
    let sealed = 0;
    try {
      for (let nonce = 0; nonce < 100; nonce++) {
        await receipt(url, await call(url, "eth_sendRawTransaction", await transfer(nonce)));
        sealed = nonce + 1;
      }
    } catch {
      // It is gone, or says that it has stopped.
    }
    const [said] = (await failure) as [{ kind: string; detail: string }];
    assert.equal(said.kind, "failed");
    assert.match(said.detail, /cannot write .*journal\.txt/);
    assert.deepEqual(await exited, [1, null]);
    assert.ok(sealed > 0 && sealed < 100);
    // With room again, all that was seen is there.
    await using chain = makeChain(folder.path);
    assert.equal((await blocks(await chain.start())).length, sealed + 1);
  });

  it("ends with the process that started it, and leaves no port open", async () => {
    await using folder = await makeFolder();
    const { child, message } = await forkChain(chainOptions(folder.path));
    const { url } = message as { url: string };
    const exited = once(child, "exit");
    child.disconnect();
    assert.deepEqual(await exited, [0, null]);
    await assert.rejects(call(url, "eth_chainId"), TypeError);
  });
});
