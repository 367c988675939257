/** The committed vectors are what the script writes: no one has edited them, and no format changed unseen. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { decodeDeposit, depositId, depositOutpoint } from "../../protocol/deposit.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import type { Bad } from "../../scripts/vectors/vector.ts";
import { root } from "../support/imports.ts";
import { folder, networkId, readVectors, refusalFrom, vectorsAt } from "./support/vectors.ts";

describe("the vectors", () => {
  it("come out of the script again, byte for byte", () => {
    const written = mkdtempSync(join(tmpdir(), "tallystick vectors "));
    try {
      execFileSync(process.execPath, [join(root, "scripts/vectors.ts"), written]);
      expect(readdirSync(written)).to.deep.equal(readdirSync(folder));
      for (const file of readdirSync(folder)) {
        const [fresh, committed] = [written, folder].map((at) =>
          readFileSync(join(at, file), "utf8"),
        );
        expect(fresh === committed, `${file} is as the script writes it`).to.equal(true);
      }
    } finally {
      rmSync(written, { recursive: true });
    }
  });

  it("name each input once", () => {
    for (const path of [["records"], ["deposits"], ["enrolments"]]) {
      const { good, bad } = vectorsAt("records", path);
      const names = [...good, ...bad].map(({ name }) => name);
      expect(new Set(names).size).to.equal(names.length);
    }
  });
});

describe("leaves", () => {
  it("are told apart by their first byte, and nothing else is a leaf", () => {
    const { kinds } = readVectors<{ kinds: Bad[] }>("records");
    expect(kinds.length).to.be.above(3);
    for (const { name, bytes, expected } of kinds) {
      const refusal = refusalFrom(() => decodeLeaf(fromHex(bytes)));
      expect(refusal.code, name).to.equal(expected.code);
      expect(refusal.place, name).to.deep.equal({ field: "kind", offset: 0 });
    }
    for (const path of ["records", "enrolments"]) {
      for (const { bytes } of vectorsAt("records", [path]).good) {
        expect(toHex(decodeLeaf(fromHex(bytes)).bytes)).to.equal(bytes);
      }
    }
  });

  it("have deposits for parents, whose coin is their only output", () => {
    for (const { bytes, expected } of vectorsAt("records", ["deposits"]).good) {
      const { id, outpoint } = expected as { id: Hex; outpoint: Hex };
      const deposit = decodeDeposit(fromHex(bytes));
      expect(depositId(networkId, deposit)).to.equal(id);
      expect(depositOutpoint(networkId, deposit)).to.equal(outpoint);
      expect(outpoint).to.equal(`${id}00`);
    }
  });
});
