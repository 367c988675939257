/**
 * Openings of identities by their people: a ceremony by hand, an epoch, requests, approvals, holders'
 * services that look at the chain by themselves, and what everyone else can see of it.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { AuditProcess } from "../../node/audit/audit-process.ts";
import { askHolder } from "../../node/audit/holder-client.ts";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { decodeItem, encodeItem } from "../../protocol/audit/disclosure.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { type AuditKey, sealEnvelope } from "../../protocol/envelope.ts";
import { ownerOf } from "../../protocol/key.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Deed } from "../../scripts/admin/deed.ts";
import { AdminSession, answering } from "../../scripts/admin/session.ts";
import { approve, auditLog, combine, open, request } from "../../scripts/audit/disclosure.ts";
import { addEpochOf } from "../../scripts/audit/epoch.ts";
import { verifyKey } from "../../scripts/audit/ceremony.ts";
import { Authority } from "../../scripts/deploy/authority.ts";
import { holdCeremony, type Machine, machinesOf } from "../scripts/audit/support/machines.ts";
import { makeCertificate } from "../../scripts/devnet/certificates.ts";
import { Consortium } from "../support/consortium.ts";
import { account, authority, fund, seed } from "../support/network.ts";
import { fourRoles } from "./support/four-roles.ts";

const NAMES = ["Central Bank", "Regulator", "Court"];
const TOKEN = "token-of-people-who-look";
const CUSTOMER = "customer 42, Ada";

describe("openings of identities", () => {
  let consortium: Consortium;
  let machines: readonly Machine[];
  let transcript: string;
  let audit: AuditKey;
  let device: NodeSigner;
  const services: AuditProcess[] = [];
  const files: Record<"network" | "basis" | "requester" | "item", string> = {
    network: "",
    basis: "",
    requester: "",
    item: "",
  };

  before(async () => {
    consortium = await Consortium.open();
    consortium.level = "debug";
    await Promise.all(consortium.members.map((member) => consortium.start(member)));
    await consortium.start(0, { console: { host: "127.0.0.1", port: 0, token: TOKEN } });
    const at = (name: string) => join(consortium.folder, name);
    Object.assign(files, {
      network: at("network.json"),
      basis: at("warrant.txt"),
      requester: at("requester.json"),
      item: at("item.bin"),
    });
    await writeFile(files.network, formatNetworkFile(consortium.network));
    await writeFile(files.basis, "Order 7 of the district court");
    await createKeyFile(files.requester, StoredKey.generate("P-256"));
    for (const name of [...NAMES, "authority"]) {
      const secret = seed(`account ${name}`);
      await createKeyFile(at(`${name}.json`), new StoredKey("secp256k1", secret));
    }
    const holders = NAMES.map((name) => ({ name, account: account(name).address }));
    await fund(
      consortium.network.rpcUrls[0]!,
      holders.map(({ account: address }) => address),
    );

    machines = await machinesOf(at("holders"), files.network, 2, holders);
    transcript = await holdCeremony(machines);
    await does("authority", (session) =>
      addEpochOf(session, new Authority(session.client, 60), transcript),
    );
    for (const [i, { share }] of machines.entries()) {
      services.push(await serve(at(`holder-${i + 1}.yaml`), share, at(`answers-${i + 1}`)));
    }
    const key = (await verifyKey(transcript, files.network)).data as { publicKey: Hex };
    audit = { epoch: 1, publicKey: fromHex(key.publicKey) };
    device = NodeSigner.generate();
    await enrol(device);
  });

  after(async () => {
    for (const service of services) await service.stop();
    await consortium[Symbol.asyncDispose]();
  });

  const fileOf = (name: string) => join(consortium.folder, `${name}.json`);
  const urls = () => services.map((service) => service.urls().api);
  const answers = (id: number) => join(consortium.folder, `answer-${id}`);

  async function does(name: string, plan: (session: AdminSession) => Promise<Deed>) {
    await using session = await AdminSession.open({ network: files.network, key: fileOf(name) });
    const { does: act } = await answering(() => plan(session));
    return await answering(act);
  }

  async function serve(
    path: string,
    share: string,
    folder: string,
    api: object = {},
  ): Promise<AuditProcess> {
    const config = {
      network: files.network,
      shares: [{ share, transcript }],
      answers: folder,
      api: { port: 0, ...api },
      log: { level: "error" },
    };
    await writeFile(path, stringify(config));
    const service = await AuditProcess.load(path);
    await service.start();
    return service;
  }

  /** A device whose bank sealed its customer to the audit key. */
  async function enrol(signer: NodeSigner): Promise<void> {
    const { networkId } = consortium;
    const fields = {
      deviceKey: signer.publicKey,
      member: 1,
      consent: signer.signSync(consentMessage(networkId, 1)),
      envelope: await sealEnvelope(
        networkId,
        signer.publicKey,
        audit,
        utf8.encode(CUSTOMER),
        systemRandom,
      ),
    };
    const enrolment = await signEnrolment(
      networkId,
      fields,
      NodeSigner.fromScalar(seed("issuer 1")),
    );
    const { results } = await consortium.client(1).submit([enrolment.bytes]);
    await consortium.untilApplied([results[0]!.id as Hex]);
  }

  /** A request of the regulator, which the authority is where none is named. @returns its number. */
  async function ask(out: string, owner = ownerOf(device.publicKey)): Promise<number> {
    const { basis, requester } = files;
    // The observer is asked: any node holds all enrolments.
    const node = consortium.nodes.get(0)!.url;
    await does("authority", (session) =>
      request(session, { node, owner, basis, requester, out, days: 1 }),
    );
    await using session = await AdminSession.open({ network: files.network });
    return ((await auditLog(session)).data as { requests: number }).requests;
  }

  const agree = (name: string, id: number, item: string) =>
    does(name, (session) => approve(session, id, { item, basis: files.basis }));

  it("open by two of three holders what one alone does not, sealed for who asked [R-083, R-084, N-10, N-22]", async () => {
    const id = await ask(files.item);
    const options = { item: files.item, holder: urls(), out: answers(id) };
    await refuses(open(id, options), "not-granted", /0 approvals/);
    await agree("Court", id, files.item);
    await refuses(open(id, options), "not-granted", /1 approvals/);
    await agree("Central Bank", id, files.item);
    const opened = await open(id, options);
    assert.equal(opened.lines.filter((line) => / answers: /.test(line)).length, 3);

    const paths = [1, 2, 3].map((i) => `${answers(id)}-${i}.bin`);
    const combining = { ...files, transcript };
    for (const two of [paths.slice(0, 2), paths.slice(1)]) {
      const { data } = await combine(id, two, combining);
      assert.equal((data as { text: string }).text, CUSTOMER);
    }
    await refuses(
      combine(id, paths.slice(0, 1), combining),
      "bad-proof",
      /1 right answers, 2 open/,
    );
    // What travels shows nothing to others, and is no answer to anything else.
    const other = join(consortium.folder, "other requester.json");
    await createKeyFile(other, StoredKey.generate("P-256"));
    await refuses(combine(id, paths, { ...combining, requester: other }), "not-for-us", /./);
    await refuses(combine(id + 1, paths, combining), "not-for-us", /./);
    for (const path of paths) assert.ok(!(await readFile(path)).includes(CUSTOMER));
  });

  it("are written down by each holder before its answer leaves, and seen by everyone as hashes [N-10]", async () => {
    for (const i of [1, 2, 3]) {
      const folder = join(consortium.folder, `answers-${i}`, consortium.network.networkId);
      const [name, ...more] = await readdir(folder);
      assert.deepEqual(more, []);
      assert.equal((await stat(join(folder, name!))).mode & 0o777, 0o600);
      const entry = JSON.parse(await readFile(join(folder, name!), "utf8")) as object;
      assert.deepEqual(Object.keys(entry).sort(), [
        "answered",
        "epoch",
        "holder",
        "id",
        "legalBasis",
        "requester",
        "subject",
      ]);
    }
    await using session = await AdminSession.open({ network: files.network });
    const { lines, data } = await auditLog(session);
    const { requests, grants, disclosures } = data as {
      requests: number;
      grants: number;
      disclosures: readonly { requester: Hex; approvedBy: number[] }[];
    };
    assert.deepEqual([requests, grants], [1, 1]);
    assert.equal(disclosures[0]!.requester, authority.address);
    assert.deepEqual(disclosures[0]!.approvedBy, [1, 3]);
    assert.match(lines.join("\n"), /1 requests, 1 of them granted\./);
    // Neither the person, the key, nor the item.
    const shown = JSON.stringify(data);
    for (const secret of [CUSTOMER, ownerOf(device.publicKey), toHex(device.publicKey)]) {
      assert.ok(!shown.includes(secret));
    }
  });

  it("are refused by every holder where nothing was asked, or something else was [N-10]", async () => {
    const [url] = urls();
    const item = encodeItem(decodeItem(new Uint8Array(await readFile(files.item))));
    await refuses(askHolder(url!, 99, item), "not-granted", /request 99 is not in the audit log/);
    // Granted for this item; another salt is another subject, another key another proof.
    const salted = Uint8Array.from(item);
    salted[0]! ^= 1;
    await refuses(askHolder(url!, 1, salted), "not-granted", /something else/);
    const stranger = encodeItem({
      ...decodeItem(item),
      deviceKey: NodeSigner.generate().publicKey,
    });
    await refuses(askHolder(url!, 1, stranger), "bad-proof", /not sealed for this device key/);
    await refuses(askHolder(url!, 1, item.subarray(1)), "malformed", /./);
    await refuses(askHolder(url!, 1, new Uint8Array(4096)), "too-large", /./);
  });

  it("are answered on another machine to who shows a certificate by its authority, and to nobody else [N-10]", async () => {
    const at = (name: string) => join(consortium.folder, name);
    const root = makeCertificate("root");
    const issuer = { name: "root", privateKey: root.privateKey };
    await writeFile(at("root.pem"), root.certificate);
    for (const name of ["holder", "regulator"]) {
      const { certificate, key } = makeCertificate(name, issuer);
      await writeFile(at(`${name}.pem`), certificate);
      await writeFile(at(`${name}.key`), key, { mode: 0o600 });
    }
    const tls = { certificate: "holder.pem", key: "holder.key", authority: "root.pem" };
    const { share } = machines[0]!;
    const service = await serve(at("holder-tls.yaml"), share, at("answers-tls"), { tls });
    services.push(service);
    const url = service.urls().api;
    assert.match(url, /^https:/);
    const asked = { item: files.item, holder: [url], out: at("answer-tls") };
    const own = {
      certificate: at("regulator.pem"),
      certificateKey: at("regulator.key"),
      authority: at("root.pem"),
    };
    const { lines } = await open(1, { ...asked, ...own });
    assert.match(lines[0]!, / answers: /);
    await refuses(open(1, asked), "bad-configuration", /asked over https with a certificate/);
    await refuses(open(1, { ...asked, authority: at("root.pem") }), "malformed", /together/);
    const item = new Uint8Array(await readFile(files.item));
    const stranger = makeCertificate("regulator");
    for (const shown of [{ ...stranger, authority: root.certificate }, undefined]) {
      const told = shown === undefined ? fetch(url) : askHolder(url, 1, item, shown);
      await assert.rejects(told, /fetch failed|no holder answers/);
    }
    const abroad = askHolder("http://192.0.2.7:7301", 1, item);
    await refuses(abroad, "bad-configuration", /no holder on this machine/);
  });

  it("are approved by holders alone, for what and why they were shown", async () => {
    const item = join(consortium.folder, "second.bin");
    const id = await ask(item);
    await refuses(agree("authority", id, item), "conflict", /AuditLogNotHolder/);
    await refuses(agree("Court", id, files.item), "conflict", /not what request/);
    const basis = join(consortium.folder, "another.txt");
    await writeFile(basis, "because");
    await refuses(
      does("Court", (session) => approve(session, id, { item, basis })),
      "conflict",
      /not the basis/,
    );
    await refuses(agree("Court", 99, item), "not-found", /no request 99/);
    await agree("Court", id, item);
    await refuses(agree("Court", id, item), "conflict", /AuditLogAlreadyApproved/);
  });

  it("find nothing where nothing is sealed, or nobody is enrolled", async () => {
    const plain = NodeSigner.generate();
    await consortium.untilApplied([await consortium.enrol(plain, 2)]);
    const out = join(consortium.folder, "nothing.bin");
    await refuses(ask(out, ownerOf(plain.publicKey)), "not-found", /nothing is sealed/);
    const nobody = ownerOf(NodeSigner.generate().publicKey);
    await refuses(ask(out, nobody), "not-found", /no enrolled key/);
  });

  it("come of no service whose share is of another ceremony than the chain has [N-10]", async () => {
    const holders = NAMES.map((name) => ({ name, account: account(name).address }));
    const at = (name: string) => join(consortium.folder, name);
    const others = await machinesOf(at("others"), files.network, 2, holders);
    const strange = await holdCeremony(others);
    const config = (shares: readonly object[]) =>
      stringify({ network: files.network, shares, answers: at("none"), api: { port: 0 } });
    const cases: [readonly object[], RefusalCode, RegExp][] = [
      [[{ share: others[0]!.share, transcript: strange }], "wrong-network", /epoch 1 on chain/],
      [[{ share: others[0]!.share, transcript }], "bad-configuration", /no share of the key/],
      [
        [1, 2].map(() => ({ share: machines[0]!.share, transcript })),
        "bad-configuration",
        /second share of epoch 1/,
      ],
    ];
    for (const [shares, code, text] of cases) {
      await writeFile(at("strange.yaml"), config(shares));
      const service = await AuditProcess.load(at("strange.yaml"));
      await refuses(service.start(), code, text);
      await service.stop();
    }
  });

  fourRoles(() => ({
    consortium,
    audit,
    token: TOKEN,
    ask,
    agree,
    refuses,
    open: (id, item) => open(id, { item, holder: urls(), out: answers(id) }),
    async combine(id, item, requester = files.requester) {
      const paths = [1, 2].map((i) => `${answers(id)}-${i}.bin`);
      const { data } = await combine(id, paths, { ...files, transcript, item, requester });
      return (data as { text: string }).text;
    },
  }));
});

async function refuses(work: Promise<unknown>, code: RefusalCode, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(isRefusal(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}
