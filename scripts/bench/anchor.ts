/**
 * The anchor R that every rate is reported against: OpenSSL's P-256 verifications a second on one core
 * of this machine, in this run. Machines differ and are noisy; ratios to R can be compared.
 */
import { spawnSync } from "node:child_process";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";

export type Anchor = {
  /** node:crypto's rate ÷ 0.88, verifications a second. */
  readonly r: number;
  /** What the `openssl` program says, where it is installed. */
  readonly openssl: number | undefined;
};

/** What node:crypto keeps of OpenSSL's own rate, with a cached key and a DER signature. */
const NODE_SHARE = 0.88;
const ROUNDS = 5;
const VERIFICATIONS = 4_000;

export function measureAnchor(): Anchor {
  return { r: measureR(), openssl: opensslRate() };
}

/** R at this moment: a machine that others use as well is not as fast now as it was a minute ago. */
export function measureR(): number {
  const signer = NodeSigner.generate();
  const verifier = new NodeVerifier();
  const messages = Array.from({ length: 64 }, (_, i) => new Uint8Array(262).fill(i));
  const signatures = messages.map((message) => signer.signSync(message));
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    for (let i = 0; i < VERIFICATIONS; i++) {
      const at = i % messages.length;
      if (!verifier.verify(signer.publicKey, messages[at]!, signatures[at]!))
        throw new Error("a good signature is refused");
    }
    return VERIFICATIONS / cpuSeconds(start);
  });
  return median(rates) / NODE_SHARE;
}

/** CPU seconds of this process, all threads, since `start`. */
export function cpuSeconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function opensslRate(): number | undefined {
  const run = spawnSync("openssl", ["speed", "-seconds", "1", "ecdsap256"], { encoding: "utf8" });
  const line = run.stdout?.split("\n").find((text) => text.includes("nistp256"));
  const rate = Number(line?.trim().split(/\s+/).at(-1));
  return Number.isFinite(rate) ? rate : undefined;
}
