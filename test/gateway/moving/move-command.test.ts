/** `tallystick gateway move-store`: a gateway's process that goes on over a database, and over a folder again. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { loadGatewayConfig } from "../../../gateway/config-paths.ts";
import { GatewayProcess } from "../../../gateway/gateway-process.ts";
import { moveBetween } from "../../../gateway/moving/movable-stores.ts";
import { parseAddress } from "../../../gateway/postgres/address.ts";
import { Database } from "../../../gateway/postgres/database.ts";
import { GATEWAYS } from "../../../gateway/postgres/shared-store.ts";
import { TABLE } from "../../../gateway/postgres/postgres-store.ts";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { saidJson, tallystick } from "../../scripts/commands/support/tallystick.ts";
import { sharedPostgres } from "../../support/postgres.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { ask, authority, Bank } from "../support/bank.ts";
import { refusal } from "../support/refusal.ts";

describe("tallystick gateway move-store", () => {
  const makeFolder = temporaryFolders();
  const server = sharedPostgres();
  const logger = makeLogger({ name: "test", level: "fatal" });
  const running: GatewayProcess[] = [];
  let folder: string;
  let bank: Bank;
  let url: string;

  before(async () => {
    folder = await makeFolder();
    bank = await Bank.open(folder);
    await writeFile(join(folder, "network.json"), formatNetworkFile(bank.parts().network));
    for (const name of ["issuer", "treasury", "intake"])
      await createKeyFile(join(folder, `${name}.json`), StoredKey.generate("P-256"));
    url = await server().makeDatabase();
    await config("one.yaml", "data: one");
    await config("two.yaml", "data: two");
    await config("shared.yaml", `store: { postgres: { url: "${url}" } }`);
  });
  afterEach(async () => {
    for (const gateway of running.splice(0)) await gateway.stop();
  });
  after(async () => {
    await bank?.[Symbol.asyncDispose]();
  });

  async function config(name: string, where: string, member = 1): Promise<void> {
    await writeFile(
      join(folder, name),
      `network: network.json
member: ${member}
node: ${bank.node.url}
keys: { issuer: issuer.json, treasury: treasury.json, intake: intake.json }
authority: { trustKey: "${toHex(authority.publicKey)}", lists: lists.bin }
devices: { port: 0 }
staff: { port: 0, access: open }
management: { port: 0 }
log: { level: error, file: log }
${where}
`,
    );
  }

  async function start(name: string): Promise<string> {
    const gateway = await GatewayProcess.load(join(folder, name));
    running.push(gateway);
    await gateway.start();
    return gateway.urls().staff;
  }

  async function stop(): Promise<void> {
    for (const gateway of running.splice(0)) await gateway.stop();
  }

  const move = async (from: string, to: string) =>
    moveBetween(
      await loadGatewayConfig(join(folder, from)),
      await loadGatewayConfig(join(folder, to)),
      logger,
    );
  const balance = async (staff: string) =>
    (await ask<{ available: string }>(`${staff}/v1/accounts/anna`)).available;
  const command = (from: string, to: string) => [
    "gateway",
    "move-store",
    "--from",
    join(folder, from),
    "--to",
    join(folder, to),
  ];

  it("takes accounts and what was done under references into a database, and refuses to start where they were [N-25]", async () => {
    const staff = await start("one.yaml");
    await ask(`${staff}/v1/accounts`, { account: "anna", customer: "Anna" });
    const deposit = { amount: "500", reference: "first" };
    await ask(`${staff}/v1/accounts/anna/deposits`, deposit);
    await refusal("in-use", move("one.yaml", "shared.yaml"));
    await stop();
    const { entries, digest } = await saidJson(command("one.yaml", "shared.yaml"));
    expect(entries).to.be.greaterThan(5);
    expect(digest).to.match(/^[0-9a-f]{64}$/);
    const again = await saidJson(command("one.yaml", "shared.yaml"));
    expect(again).to.deep.equal({ entries, digest });

    const { detail } = await refusal("store-moved", start("one.yaml"));
    expect(detail).to.include("has been moved to the database");
    const shared = await start("shared.yaml");
    // What was done is done.
    await ask(`${shared}/v1/accounts/anna/deposits`, deposit);
    expect(await balance(shared)).to.equal("500");
    await ask(`${shared}/v1/accounts/anna/deposits`, { amount: "1", reference: "second" });
  });

  it("refuses a database of which a process is active or stands by", async () => {
    await start("shared.yaml");
    await refusal("in-use", move("shared.yaml", "two.yaml"));
    await stop();
    const address = parseAddress(url, {});
    await using waiting = new AsyncDisposableStack();
    const database = waiting.adopt(new Database(address, `${GATEWAYS} 1`), (it) => it.close());
    waiting.adopt(await database.connect(), (session) => session.close());
    const { detail } = await refusal("in-use", move("shared.yaml", "two.yaml"));
    expect(detail).to.match(/^gateways are connected to .*, 1 processes/);
  });

  it("refuses configurations of two members, and one that names no place", async () => {
    await config("other.yaml", "data: other", 2);
    await refusal("bad-configuration", move("shared.yaml", "other.yaml"));
    await config("nowhere.yaml", "");
    const { code, stderr } = await tallystick(command("shared.yaml", "nowhere.yaml"));
    expect([code, stderr.split(":")[0]]).to.deep.equal([1, "bad-configuration"], stderr);
  });

  it("moves nothing of a database in which a value has changed", async () => {
    const flip = `UPDATE ${TABLE} SET value = set_byte(value, 1, get_byte(value, 1) # 1)
      WHERE substring(key from 1 for 1) = 'r'::bytea`;
    await server().query(url, flip);
    const damaged = await move("shared.yaml", "two.yaml").catch((error: unknown) => error);
    expect(damaged).to.be.instanceOf(DamagedStoreError);
    await refusal("store-moved", start("two.yaml"));
    await server().query(url, flip);
  });

  it("takes it back into a folder of its own, over what an interrupted move left there", async () => {
    await move("shared.yaml", "two.yaml");
    await refusal("store-moved", start("shared.yaml"));
    const staff = await start("two.yaml");
    expect(await balance(staff)).to.equal("501");
    await stop();
    await refusal("wrong-folder", move("two.yaml", "shared.yaml"));
  });
});
