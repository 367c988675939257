import assert from "node:assert/strict";
import { JsonRpcServer, RpcError } from "../../../scripts/devnet/json-rpc.ts";
import { post } from "../../support/chain.ts";

async function serve(use: (url: string) => Promise<void>): Promise<void> {
  const server = new JsonRpcServer(async (method, params) => {
    if (method === "revert") throw new RpcError(3, "reverted", "0xdeadbeef");
    return { method, params };
  });
  const url = await server.start(0);
  try {
    await use(url);
  } finally {
    await server.stop();
  }
}

describe("JSON-RPC over HTTP", () => {
  it("answers single calls and batches by id, each on its own", () =>
    serve(async (url) => {
      const one = { jsonrpc: "2.0", id: 7, method: "a", params: [1] };
      const answer = { jsonrpc: "2.0", id: 7, result: { method: "a", params: [1] } };
      assert.deepEqual(await post(url, one), answer);
      const reverted = {
        jsonrpc: "2.0",
        id: "x",
        error: { code: 3, message: "reverted", data: "0xdeadbeef" },
      };
      assert.deepEqual(await post(url, [one, { id: "x", method: "revert" }]), [answer, reverted]);
    }));

  it("answers what is no call with the code the specification gives", () =>
    serve(async (url) => {
      const bad: readonly (readonly [unknown, number])[] = [
        ["{", -32_700],
        [[], -32_600],
        [Array.from({ length: 1001 }, () => ({ method: "a" })), -32_600],
        [null, -32_600],
        [{ id: 1, method: 5 }, -32_600],
        [{ id: 1, method: "a", params: { named: 1 } }, -32_600],
        [`"${"x".repeat(8 * 1024 * 1024)}"`, -32_600],
      ];
      for (const [body, code] of bad) assert.equal((await post(url, body)).error?.code, code);
    }));

  it("turns away what a web page could send unasked", () =>
    serve(async (url) => {
      assert.equal((await fetch(url)).status, 405);
      const form = await fetch(url, { method: "POST", body: '{"id":1,"method":"a"}' });
      assert.equal(form.status, 405);
      const preflight = await fetch(url, { method: "OPTIONS" });
      assert.equal(preflight.headers.get("access-control-allow-origin"), null);
    }));
});
