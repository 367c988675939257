/**
 * The guide for regulators, done as it stands: from the key ceremony to the first identity, each command in the
 * folder of who is to run it, and every command of the guide once at least. What the first holder runs, the others
 * do without a process of their own.
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { GatewayConfigSchema } from "../../gateway/config.ts";
import { AuditProcess } from "../../node/audit/audit-process.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { sealEnvelope } from "../../protocol/envelope.ts";
import { ownerOf } from "../../protocol/key.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { commit, finish, type HolderOptions, share, verify } from "../../scripts/audit/ceremony.ts";
import { addressOf } from "../../scripts/devnet/blueprint.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { Consortium } from "../support/consortium.ts";
import { root } from "../support/imports.ts";
import { fund, seed } from "../support/network.ts";
import { said } from "./commands/support/tallystick.ts";

type Certified = ReturnType<typeof makeCertificate>;

const HOLDERS = ["Central Bank", "Regulator", "Court"];
const CUSTOMER = "customer 42, Ada";
const SECTION = "## From the key to the first identity, in an hour";

describe("the guide for regulators", () => {
  const parts = new AsyncDisposableStack();
  let consortium: Consortium;
  let guide: string;
  /** The commands of the guide that no one has run yet. */
  const left: string[] = [];
  /** Where everybody but the holders sits. */
  let desk: string;
  let holders: readonly string[];

  before(async () => {
    const text = await readFile(join(root, "docs/REGULATORS.md"), "utf8");
    guide = text.slice(text.indexOf(SECTION), text.indexOf("### Who can do what"));
    for (const block of blocksIn(guide, "sh")) left.push(...linesOf(block));
    consortium = parts.use(await Consortium.open(1));
    await consortium.start(1);
    desk = await makeDesk("desk");
    holders = await Promise.all(HOLDERS.map((_, i) => makeDesk(`holder ${i + 1}`)));
    const authority = new StoredKey("secp256k1", seed("account authority"));
    for (const name of ["authority.json", "regulator.json"])
      await createKeyFile(join(desk, name), authority);
    await writeFile(join(desk, "warrant.pdf"), "Order 7 of the district court");
  });
  after(() => parts.disposeAsync());

  async function makeDesk(name: string): Promise<string> {
    const folder = join(consortium.folder, name);
    await mkdir(folder);
    await writeFile(join(folder, "network.json"), formatNetworkFile(consortium.network));
    return folder;
  }

  /** Runs a command of the guide: the one that begins so, with what is to stand in it. */
  async function runs(
    folder: string,
    begins: string,
    ...changed: readonly (readonly [string | RegExp, string])[]
  ): Promise<string> {
    const line = commands().find((each) => each.startsWith(begins));
    expect(line, begins).to.be.a("string");
    if (left.includes(line!)) left.splice(left.indexOf(line!), 1);
    let filled = line!;
    for (const [from, to] of changed) filled = filled.replace(from, to);
    return await said(wordsIn(filled), "", folder);
  }

  const commands = () => blocksIn(guide, "sh").flatMap(linesOf);

  /** What the first holder's commands make, for another. */
  async function makeKeys(folder: string): Promise<[Hex, Hex]> {
    const [key, account] = [StoredKey.generate("P-256"), StoredKey.generate("secp256k1")];
    await createKeyFile(join(folder, "holder.json"), key);
    await createKeyFile(join(folder, "account.json"), account);
    return [toHex(key.publicKey), addressOf(account)];
  }

  /** Everyone's files of the ceremony, sent to everyone. */
  async function send(): Promise<void> {
    for (const from of holders) {
      const names = await readdir(join(from, "ceremony"));
      const files = names.filter((name) => name.endsWith(".bin"));
      for (const to of holders) {
        if (to === from) continue;
        await mkdir(join(to, "ceremony"), { recursive: true });
        for (const name of files)
          await copyFile(join(from, "ceremony", name), join(to, "ceremony", name));
      }
    }
  }

  it("leads from the ceremony to the first identity, by its own commands alone [R-083, N-10]", async () => {
    const [first, ...others] = holders as [string, ...string[]];
    const lines: string[] = [];
    for (const [i, folder] of holders.entries()) {
      const [publicKey, address] =
        folder === first
          ? await Promise.all([
              runs(first, "admin keys new holder").then(keyIn),
              runs(first, "admin keys new operator").then(addressIn),
            ])
          : await makeKeys(folder);
      lines.push(`--holder ${publicKey}:${address}:"${HOLDERS[i]}"`);
      await fund(consortium.network.rpcUrls[0]!, [address]);
    }
    await runs(first, "audit ceremony plan", [/--holder.*$/, lines.join(" ")]);
    await send();
    for (const [step, act] of Object.entries({ commit, share, verify, finish })) {
      await runs(first, `audit ceremony ${step}`);
      for (const folder of others) await act(machineAt(folder));
      await send();
    }
    await mkdir(join(desk, "ceremony"));
    await copyFile(join(first, "ceremony/transcript.bin"), join(desk, "ceremony/transcript.bin"));
    const verified = await runs(desk, "audit key verify");
    await runs(desk, "audit epoch add");
    const owner = await enrol(keyIn(verified));

    const urls = await Promise.all(holders.map(serve));
    await runs(desk, "admin keys new requester");
    const node = consortium.nodes.get(1)!.url;
    await runs(desk, "audit request", [/0x…/, owner], ["URL", node]);
    for (const folder of holders.slice(0, 2)) {
      for (const name of ["item.bin", "warrant.pdf"])
        await copyFile(join(desk, name), join(folder, name));
      await runs(folder, "audit approve 1");
    }
    await runs(desk, "audit open 1", ["URL1 URL2 URL3", urls.join(" ")]);
    expect(await runs(desk, "audit combine 1")).to.include(`is sealed with: ${CUSTOMER}`);
    expect(await runs(desk, "audit log")).to.include("1 requests, 1 of them granted.");
    expect(left, "commands of the guide that nobody ran").to.deep.equal([]);
  });

  /** A holder's service, by the configuration that the guide gives, with certificates as it says for other machines. */
  async function serve(folder: string): Promise<string> {
    const [, text] = blocksIn(guide, "yaml");
    const config = parse(text!) as { chain: object; api: object };
    const certificates = makeCertificates();
    for (const [name, content] of Object.entries(certificates.holder))
      await writeFile(join(folder, name), content, { mode: 0o600 });
    for (const [name, content] of Object.entries(certificates.regulator))
      await writeFile(join(desk, name), content, { mode: 0o600 });
    const tls = { certificate: "own.pem", key: "own.key", authority: "regulators.pem" };
    const changed = { chain: { url: consortium.network.rpcUrls[0] }, api: { port: 0, tls } };
    const path = join(folder, "holder.yaml");
    await writeFile(path, stringify({ ...config, ...changed, log: { level: "error" } }));
    const service = await AuditProcess.load(path);
    parts.defer(() => service.stop());
    await service.start();
    return service.urls().api;
  }

  const makeCertificates = once(() => {
    const [trusted, regulators] = ["holders", "regulators"].map((name) =>
      makeCertificate(name),
    ) as [Certified, Certified];
    const own = makeCertificate("holder", { name: "holders", privateKey: trusted.privateKey });
    const theirs = makeCertificate("regulator", {
      name: "regulators",
      privateKey: regulators.privateKey,
    });
    return {
      holder: {
        "own.pem": own.certificate,
        "own.key": own.key,
        "regulators.pem": regulators.certificate,
      },
      regulator: {
        "regulator.pem": theirs.certificate,
        "regulator.key": theirs.key,
        "holders.pem": trusted.certificate,
      },
    };
  });

  /** A device whose bank seals its customer as the guide configures it. */
  async function enrol(key: Hex): Promise<Hex> {
    const [text] = blocksIn(guide, "yaml");
    const { audit } = parse(text!) as { audit: { epoch: number } };
    expect(Object.keys(GatewayConfigSchema.properties.audit.properties)).to.have.members(
      Object.keys(audit),
    );
    const { networkId } = consortium;
    const device = NodeSigner.generate();
    const sealed = { epoch: audit.epoch, publicKey: fromHex(key) };
    const bytes = utf8.encode(CUSTOMER);
    const fields = {
      deviceKey: device.publicKey,
      member: 1,
      consent: device.signSync(consentMessage(networkId, 1)),
      envelope: await sealEnvelope(networkId, device.publicKey, sealed, bytes, systemRandom),
    };
    const issuer = NodeSigner.fromScalar(seed("issuer 1"));
    const enrolment = await signEnrolment(networkId, fields, issuer);
    const { results } = await consortium.client(1).submit([enrolment.bytes]);
    await consortium.untilApplied([results[0]!.id as Hex]);
    return ownerOf(device.publicKey);
  }
});

/** Where the commands have a holder's files. */
function machineAt(folder: string): HolderOptions & { readonly share: string } {
  const at = (name: string) => join(folder, name);
  return {
    network: at("network.json"),
    folder: at("ceremony"),
    key: at("holder.json"),
    secret: at("secret.json"),
    share: at("share.json"),
  };
}

const keyIn = (text: string) => /0x0[23][0-9a-f]{64}/.exec(text)![0] as Hex;
const addressIn = (text: string) => /0x[0-9a-f]{40}\b/.exec(text)![0] as Hex;

function blocksIn(text: string, language: string): string[] {
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n([^\`]*)\`\`\``, "g"));
  return [...blocks].map(([, block]) => block!);
}

/** The commands of a block, each on one line, without npx and without what is said of them. */
function linesOf(block: string): string[] {
  const lines = block.replaceAll("\\\n", " ").trim().split("\n");
  return lines.map((line) =>
    line
      .replace(/\s+#.*$/, "")
      .replace(/^npx tallystick /, "")
      .replaceAll(/ +/g, " "),
  );
}

/** As a shell takes a line apart. */
function wordsIn(line: string): string[] {
  return (line.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ""));
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
