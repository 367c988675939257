/** What a gateway's configuration may say of a database that several share, and what it refuses to start on. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { GatewayProcess } from "../../gateway/gateway-process.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { toHex } from "../../protocol/bytes.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { PASSWORD } from "../../scripts/devnet/postgres.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { Bank } from "./support/bank.ts";
import { refusal } from "./support/refusal.ts";

describe("a gateway's shared store, as configured", () => {
  const makeFolder = temporaryFolders();
  const server = sharedPostgres();
  let folder: string;
  let bank: Bank;

  beforeEach(async () => {
    folder = await makeFolder();
    bank = await Bank.open(folder);
    await writeFile(join(folder, "network.json"), formatNetworkFile(bank.parts().network));
    for (const name of ["issuer", "treasury", "intake"])
      await createKeyFile(join(folder, `${name}.json`), StoredKey.generate("P-256"));
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const load = async (store: string) => {
    const path = join(folder, "gateway.yaml");
    await writeFile(
      path,
      `network: network.json
member: 1
node: ${bank.node.url}
keys: { issuer: issuer.json, treasury: treasury.json, intake: intake.json }
authority: { trustKey: "${toHex(NodeSigner.generate().publicKey)}", lists: lists.bin }
devices: { port: 0 }
staff: { port: 0, access: open }
management: { port: 0 }
log: { level: error }
${store}`,
    );
    return GatewayProcess.load(path);
  };
  const detailOf = async (store: string) => {
    const gateway = await load(store);
    const { detail } = await refusal("bad-configuration", gateway.start());
    await gateway.stop();
    return detail;
  };

  it("is the folder or the database, not both and not neither", async () => {
    const database = 'store: { postgres: { url: "postgres://g@127.0.0.1/b" } }';
    expect(await detailOf("")).to.match(/either data or store/);
    expect(await detailOf(`data: data\n${database}`)).to.match(/either data or store/);
  });

  it("refuses keys that it does not know, and words that are no URL", async () => {
    await refusal("bad-configuration", load("store: { postgres: { uri: b } }"));
    await refusal("bad-configuration", load("store: { mysql: {} }"));
    await refusal("bad-configuration", load("store: { postgres: { url: b } }"));
  });

  it("takes the password from a file that others cannot read, and TLS by an authority [N-13]", async () => {
    const database = (await server().makeDatabase()).split("/").at(-1)!;
    await writeFile(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
    await writeFile(join(folder, "authority.pem"), server().authority);
    const url = `postgres://tallystick@localhost:${server().port}/${database}?sslmode=verify-full`;
    const store = `store: { postgres: { url: "${url}", passwordFile: password, authority: authority.pem } }`;
    const gateway = await load(store);
    await gateway.start();
    const answer = await fetch(`${gateway.urls().management}/metrics`);
    expect(await answer.text()).to.match(/gateway_active 1$/m);
    await gateway.stop();
    await chmod(join(folder, "password"), 0o644);
    const exposed = await load(store);
    await refusal("exposed-key", exposed.start());
    await exposed.stop();
  });
});
