#!/usr/bin/env node
/**
 * This SDK's own purse on the bench of the conformance kit, in a folder that is its alone:
 *
 *     tallystick-purse FOLDER
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { KIT_VERSION } from "../conformance/command.ts";
import { FilePurseStore } from "../file-store.ts";
import type { PurseParts } from "../holder.ts";
import { openDeviceKey } from "../node-keys.ts";
import type { Bench, Settings } from "./adapter.ts";
import { serveBench } from "./serve.ts";

const DEVICE_CLASS = "software";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("name the folder in which the purse is to live");
await serveBench(softwarePurse(folder));

function softwarePurse(path: string): Bench<PurseParts> {
  const settingsFile = join(path, "settings.json");
  return {
    name: "Tallystick purse",
    version: KIT_VERSION,
    class: DEVICE_CLASS,
    async make(settings) {
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      const trustKey = toHex(settings.trustKey);
      await writeFile(settingsFile, JSON.stringify({ ...settings, trustKey }));
      return partsIn(path, settings);
    },
    async open() {
      const text = await readFile(settingsFile, "utf8").catch(absent);
      if (text === undefined) return undefined;
      const stored = JSON.parse(text) as Omit<Settings, "trustKey"> & { trustKey: string };
      return partsIn(path, { ...stored, trustKey: fromHex(stored.trustKey) });
    },
  };
}

async function partsIn(path: string, settings: Settings): Promise<PurseParts> {
  return {
    ...settings,
    place: () => settings.place,
    class: DEVICE_CLASS,
    signer: await openDeviceKey(join(path, "device.key"), systemRandom),
    verifier: new NodeVerifier(),
    store: await FilePurseStore.open(join(path, "rows")),
    random: systemRandom,
    clock: Date.now,
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
