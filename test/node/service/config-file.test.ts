import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Type } from "typebox";
import { loadConfig, parseConfig, section } from "../../../node/service/config-file.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const schema = section({
  member: Type.Integer({ minimum: 1 }),
  http: section({
    host: Type.String({ default: "127.0.0.1" }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7101 }),
  }),
  log: section({ level: Type.Enum(["info", "debug"], { default: "info" }) }),
  role: Type.Union([Type.Literal("member"), Type.Literal("observer")], { default: "member" }),
  chains: Type.Array(section({ url: Type.String({ pattern: "^https?://" }) }), { default: [] }),
  note: Type.Optional(Type.String()),
});

const defaults = {
  http: { host: "127.0.0.1", port: 7101 },
  log: { level: "info" },
  role: "member",
  chains: [],
};

/** The lines of the refusal, without the name of the file. */
function problems(text: string): string[] {
  try {
    parseConfig(text, "node.yaml", schema);
  } catch (error) {
    if (!isRefusal(error, "bad-configuration")) throw error;
    return error.detail.split("\n").map((line) => line.replace(/^node\.yaml:/, ""));
  }
  return [];
}

describe("configuration file", () => {
  const temporaryFolder = temporaryFolders();

  it("fills in what the schema states once, at every depth", () => {
    const config = parseConfig("member: 3\nhttp:\n  port: 80", "node.yaml", schema);
    expect(config).to.deep.equal({ ...defaults, member: 3, http: { host: "127.0.0.1", port: 80 } });
    // Typed by the schema.
    config.http.port satisfies number;
    config.role satisfies "member" | "observer";
    expect(parseConfig("", "empty.yaml", section({ http: schema.properties.http }))).to.deep.equal({
      http: defaults.http,
    });
  });

  it("gives each reader defaults of its own", () => {
    const [one, two] = [0, 1].map(() => parseConfig("member: 3", "node.yaml", schema));
    one!.chains.push({ url: "http://a" });
    one!.http.port = 1;
    expect(two).to.deep.equal({ ...defaults, member: 3 });
    expect(parseConfig("member: 3", "node.yaml", schema)).to.deep.equal(two);
  });

  it("reads JSON, indented by tabs too", async () => {
    const path = join(await temporaryFolder(), "node.json");
    await writeFile(
      path,
      JSON.stringify({ member: 2, http: { port: 1 }, note: "a: b" }, undefined, "\t"),
    );
    expect(await loadConfig(path, schema)).to.deep.include({ member: 2, note: "a: b" });
  });

  it("names line and column of an unknown key, and the key that was meant", () => {
    expect(problems("member: 1\nhttp:\n  prot: 5\n")).to.deep.equal([
      '3:3: "prot" is not known; did you mean "port"?',
    ]);
    expect(problems("membr: 1\nmember: 1")).to.deep.equal([
      '1:1: "membr" is not known; did you mean "member"?',
    ]);
    expect(problems("member: 1\nlog: {levle: info}")).to.deep.equal([
      '2:7: "levle" is not known; did you mean "level"?',
    ]);
    expect(problems("member: 1\nHTTP: {}")).to.deep.equal([
      '2:1: "HTTP" is not known; did you mean "http"?',
    ]);
    expect(problems("member: 1\nsomethingElse: 2")).to.deep.equal([
      '2:1: "somethingElse" is not known',
    ]);
    expect(problems("member: 1\n__proto__: {}\nconstructor: 1")).to.deep.equal([
      '2:1: "__proto__" is not known',
      '3:1: "constructor" is not known',
    ]);
  });

  it("says all that is wrong at once, in the order of the file, each with its place", () => {
    const text =
      "member: one\nhttp:\n  port: 70000\nlog: {level: loud}\nrole: king\nchains:\n  - url: ftp://x\n  - {}\nnote: 7\n";
    expect(problems(text)).to.deep.equal([
      "1:9: member must be integer, is string",
      "3:9: http.port must be <= 65535",
      "4:14: log.level must be one of info, debug",
      "5:7: role must be one of member, observer",
      '7:10: chains.0.url must match pattern "^https?://"',
      "8:5: chains.1.url is missing",
      "9:7: note must be string, is number",
    ]);
  });

  it("points at what surrounds a value that is missing", () => {
    expect(problems("")).to.deep.equal(["1:1: member is missing"]);
    expect(problems("# a comment\n\nhttp:\n  port: 1\n")).to.deep.equal(["3:1: member is missing"]);
    expect(problems("member:\n")).to.deep.equal(["1:8: member must be integer, is null"]);
  });

  it("refuses what is no YAML, or more than plain YAML, with its place", () => {
    expect(problems("member: 1\nmember: 2")[0]).to.match(/^2:1: /);
    expect(problems("member: [1\n")[0]).to.match(/^2:1: /);
    expect(problems("member: 1\nnote: !!js/function x")[0]).to.match(/^2:7: /);
    expect(problems("member: &m 1\nnote: *m")).to.deep.equal([
      "2:7: aliases are not taken: write the value out",
    ]);
    expect(problems("- 1")).to.deep.equal(["1:1: must be object, is array"]);
    expect(problems("member: 1\n? [a]\n: b")[0]).to.match(/^2:3: /);
  });

  it("names at most twenty problems", () => {
    const lines = problems(Array.from({ length: 30 }, (_, i) => `unknown${i}: 1`).join("\n"));
    expect(lines.length).to.equal(21);
    expect(lines.at(-1)).to.equal("and 11 more");
  });

  it("never repeats a value, which may be a secret", () => {
    for (const text of [
      "member: hunter2",
      "log: {level: hunter2}",
      "role: hunter2\nmember: 1",
      "chains: [{url: hunter2}]",
    ]) {
      expect(problems(text).length).to.be.greaterThan(0);
      expect(problems(text).join()).to.not.contain("hunter2");
    }
  });

  it("takes nothing from the environment", () => {
    process.env.MEMBER = "9";
    try {
      expect(problems("http: {port: 1}")).to.deep.equal(["1:1: member is missing"]);
      expect(parseConfig("member: 1\nnote: $MEMBER", "node.yaml", schema).note).to.equal("$MEMBER");
    } finally {
      delete process.env.MEMBER;
    }
  });

  it("names a file that is not there or too large", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "large.yaml"), `# ${"x".repeat(1024 * 1024)}`);
    for (const [name, what] of [
      ["none.yaml", "none.yaml cannot be read (ENOENT)"],
      ["large.yaml", "large.yaml is larger than 1048576 bytes"],
      [".", "cannot be read (EISDIR)"],
    ] as const) {
      const error = await loadConfig(join(folder, name), schema).catch((thrown: unknown) => thrown);
      expect(isRefusal(error, "bad-configuration")).to.equal(true);
      expect((error as Error).message).to.contain(what);
    }
  });
});
