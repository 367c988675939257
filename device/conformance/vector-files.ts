/** The vectors as they are published: a folder of JSON files. Node only. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceVectors, VectorSet } from "./cases/vectors.ts";

/** Those files of the folder that devices read by. */
const vectorFiles = ["bundles", "certificates", "exchange", "lists", "receipts"] as const;

export async function readDeviceVectors(folder: string): Promise<DeviceVectors> {
  const read = async <T>(name: (typeof vectorFiles)[number]) =>
    JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as T;
  const { requests, confirmations } =
    await read<Pick<DeviceVectors, "requests" | "confirmations">>("exchange");
  const { revocations, trust } = await read<Pick<DeviceVectors, "revocations" | "trust">>("lists");
  return {
    certificates: await read<VectorSet>("certificates"),
    receipts: await read<VectorSet>("receipts"),
    bundles: await read<VectorSet>("bundles"),
    revocations,
    trust,
    requests,
    confirmations,
  };
}
