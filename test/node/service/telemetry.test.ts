import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Metrics, makeLogger } from "../../../node/service/telemetry.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { startChild } from "./child.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

/** A logger, and the lines it has written. */
function heldLogger() {
  const lines: string[] = [];
  const logger = makeLogger({
    name: "node",
    level: "debug",
    stream: { write: (line) => lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe("makeLogger", () => {
  const temporaryFolder = temporaryFolders();

  it("writes one JSON object a line, with time, level, name and process", () => {
    const { logger, lines, last } = heldLogger();
    logger.info({ seq: 7 }, "folded");
    expect(lines[0]).to.match(/^\{.*\}\n$/);
    expect(last()).to.include({
      level: "info",
      name: "node",
      pid: process.pid,
      seq: 7,
      msg: "folded",
    });
    expect(new Date(last().time as string).toISOString()).to.equal(last().time);
  });

  it("keeps secrets out by their names, however spelt and however deep", () => {
    const { logger, lines } = heldLogger();
    const mark = "do-not-show";
    const names = [
      "privateKey",
      "private_key",
      "PRIVATE_KEY",
      "privatekey",
      "issuerPrivateKey",
      "pin",
      "PIN",
      "userPIN",
      "newPin",
      "preimage",
      "secret",
      "clientSecret",
      "password",
      "payment-password",
      "passphrase",
      "authorization",
      "Authorization",
      "authorizationCode",
      "cookie",
      "apiKey",
      "seed",
      "mnemonic",
    ];
    for (const name of names) {
      logger.info({ [name]: mark, deep: [{ more: { [name]: mark } }] }, "line");
      logger.child({ [name]: mark, inside: { [name]: mark } }).warn("child");
      logger.error(
        Object.assign(new Error("failed", { cause: { [name]: mark } }), { [name]: mark }),
      );
      logger.error({ map: new Map([[name, mark]]), json: { toJSON: () => ({ [name]: mark }) } });
    }
    expect(lines.length).to.equal(4 * names.length);
    for (const line of lines) {
      expect(line).to.not.contain(mark);
      expect(line).to.contain("[redacted]");
    }
  });

  it("leaves names alone that only look like secrets", () => {
    const { logger, last } = heldLogger();
    const fields = {
      pinned: 1,
      spinning: 2,
      publicKey: "0x02",
      reserveToken: "0x03",
      secretary: 4,
    };
    logger.info(fields);
    expect(last()).to.include(fields);
  });

  it("shows of bytes their length, of bigints their digits, of errors their causes", () => {
    const { logger, last } = heldLogger();
    const cause = new Refusal("spent", "another record took it");
    logger.error(
      { key: new Uint8Array(32).fill(7), amount: 2n ** 64n, err: new Error("no", { cause }) },
      "x",
    );
    expect(last()).to.include({ key: "[32 bytes]", amount: "18446744073709551616" });
    expect(last().err).to.deep.include({ name: "Error", message: "no" });
    expect((last().err as { cause: object }).cause).to.include({
      code: "spent",
      detail: "another record took it",
    });
    expect((last().err as { stack: string }).stack).to.contain("telemetry.test.ts");
  });

  it("bounds what one line can hold, also of a structure that contains itself", () => {
    const { logger, lines } = heldLogger();
    const circle: Record<string, unknown> = {
      list: Array.from({ length: 100_000 }, () => 1),
      text: "x".repeat(1e6),
    };
    circle.self = circle;
    logger.info(circle, "big");
    expect(lines[0]!.length).to.be.lessThan(150_000);
  });

  it("appends to a file that its owner alone can read", async () => {
    const file = join(await temporaryFolder(), "node.log");
    makeLogger({ name: "node", file }).info("one");
    makeLogger({ name: "node", file }).warn("two");
    const lines = (await readFile(file, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).msg as string);
    expect(lines).to.deep.equal(["one", "two"]);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it("has written the last line when the process ends at once, to stderr", async () => {
    const { stderr, stdout, code } = await startChild("logging-child.ts", []).ended;
    expect(code).to.equal(3);
    expect(stdout).to.equal("");
    expect(stderr.trimEnd().split("\n").length).to.equal(1000);
    expect(JSON.parse(stderr.trimEnd().split("\n").at(-1)!)).to.include({ msg: "line 999" });
  });
});

describe("Metrics", () => {
  it("counts, measures and watches, as Prometheus text", async () => {
    const metrics = new Metrics();
    const records = metrics.counter("records_total", "Records taken in", ["kind"]);
    records.inc({ kind: "spend" });
    records.inc({ kind: "spend" }, 2);
    metrics.gauge("pending", "Leaves that wait").set(5);
    let seq = 1;
    metrics.watch("seq", "Last event folded", () => seq);
    metrics.histogram("fold_seconds", "Time of a fold", [0.1, 1]).observe(0.5);
    seq = 9;
    const text = await metrics.text();
    expect(text).to.contain('tallystick_records_total{kind="spend"} 3\n');
    expect(text).to.contain("# TYPE tallystick_pending gauge\ntallystick_pending 5\n");
    expect(text).to.contain("tallystick_seq 9\n");
    expect(text).to.contain('tallystick_fold_seconds_bucket{le="0.1"} 0\n');
    expect(text).to.contain('tallystick_fold_seconds_bucket{le="1"} 1\n');
    expect(metrics.contentType).to.match(/^text\/plain/);
  });

  it("keeps the numbers of two of them apart", async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.counter("a_total", "a").inc();
    two.counter("a_total", "a");
    expect(await one.text()).to.contain("tallystick_a_total 1\n");
    expect(await two.text()).to.contain("tallystick_a_total 0\n");
  });

  it("adds what Node says of itself, if asked", async () => {
    expect(await new Metrics({ process: true }).text()).to.match(
      /tallystick_process_resident_memory_bytes \d+/,
    );
    expect(await new Metrics().text()).to.not.contain("process_");
  });
});
