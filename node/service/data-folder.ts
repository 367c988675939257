/**
 * The folder in which a process keeps everything it must not lose. A marker says whose it is: another
 * kind of process, another network or other software is refused and changes nothing. One process at a
 * time holds it. The marker also names the databases that were made: one that is named and missing has
 * been lost, and is never quietly made anew.
 */
import { chmod, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { CheckedStore, type StoreOptions } from "./checked-store.ts";
import { isDraft, replaceFile, syncFolder } from "./durable-file.ts";
import { FolderLock, isLockFile } from "./folder-lock.ts";
import { checkStays, MoveMark } from "./move-mark.ts";
import { compileSchema, type Problem, problemText } from "./schema-check.ts";

export type DataFolderOptions = {
  /** The process it belongs to: node, gateway, devnet. */
  readonly kind: string;
  /** Of what is in it, which each kind of process counts for itself: 1 by default. */
  readonly format?: number;
  /** What becomes of a folder of an older format. */
  readonly ifOlder?: string;
  /** `null` for a process that belongs to no one network. */
  readonly networkId: Hex | null;
  /** For whoever moves its store: takes it whatever its mark says. */
  readonly isMoving?: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
};

const MARKER = "folder.json";
const SOFTWARE = "tallystick";
/** A volume of its own has this in its root. */
const LOST_AND_FOUND = "lost+found";

/** What markers of all formats have, if not the kind. */
const Head = Type.Object({
  software: Type.Literal(SOFTWARE),
  format: Type.Integer(),
  kind: Type.Optional(Type.String()),
});
const Marker = Type.Object({
  ...Head.properties,
  kind: Type.String(),
  networkId: Type.Union([Type.String(), Type.Null()]),
  created: Type.String(),
  /** Databases that have been made here and hold something. */
  stores: Type.Array(Type.String()),
  move: Type.Optional(MoveMark),
});
type Marker = Static<typeof Marker>;
const headProblems = compileSchema(Head);
const markerProblems = compileSchema(Marker);

export class DataFolder {
  readonly path: string;
  readonly #lock: FolderLock;
  readonly #now: () => number;
  #marker: Marker;

  private constructor(path: string, lock: FolderLock, marker: Marker, now: () => number) {
    this.path = path;
    this.#lock = lock;
    this.#marker = marker;
    this.#now = now;
  }

  /**
   * Takes the folder, or makes it where there is none or an empty one.
   * @throws Refusal `wrong-folder`, `unsupported-version`, `wrong-network`, `store-moved` or `in-use`.
   */
  static async open(path: string, options: DataFolderOptions): Promise<DataFolder> {
    const { now = Date.now } = options;
    // Before anything is written, even the lock's claim.
    await readMarker(path, options);
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = await FolderLock.acquire(path);
    try {
      const found = await readMarker(path, options);
      const folder = new DataFolder(path, lock, found ?? newMarker(options, now()), now);
      await chmod(path, 0o700);
      if (found === undefined) await folder.#writeMarker(folder.#marker);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** When the folder was made. */
  get created(): Date {
    return new Date(this.#marker.created);
  }

  /** Whether its store has been moved, or is being moved here. */
  get move(): MoveMark | undefined {
    return this.#marker.move;
  }

  async setMove(move: MoveMark): Promise<void> {
    await this.#writeMarker({ ...this.#marker, move });
  }

  /** The path of a file or folder in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /**
   * Opens the database of that name, or makes it if it never was.
   * @throws DamagedStoreError also where it was made and is gone: `quarantine` it to begin anew.
   */
  async openStore(name: string, options: Omit<StoreOptions, "create"> = {}): Promise<CheckedStore> {
    if (this.#marker.stores.includes(name)) return await CheckedStore.open(this.at(name), options);
    // What lies there was not finished, or it would be in the marker.
    await this.#setAside(name, "unfinished");
    const store = await CheckedStore.open(this.at(name), { ...options, create: true });
    try {
      await this.#writeMarker({ ...this.#marker, stores: [...this.#marker.stores, name] });
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Sets a database aside that is damaged, under a name with the time, so that the next `openStore`
   * makes a new one. It must be closed.
   * @returns where it lies now; `undefined` if there was nothing.
   */
  async quarantine(name: string): Promise<string | undefined> {
    const aside = await this.#setAside(name, "damaged");
    await this.#writeMarker({
      ...this.#marker,
      stores: this.#marker.stores.filter((store) => store !== name),
    });
    return aside;
  }

  /** Lets go of the folder. Its stores must be closed before. */
  async close(): Promise<void> {
    await this.#lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #setAside(name: string, why: string): Promise<string | undefined> {
    if (!(await exists(this.at(name)))) return undefined;
    const time = new Date(this.#now()).toISOString().replaceAll(":", "-");
    let aside = this.at(`${name}.${why}-${time}`);
    for (let i = 2; await exists(aside); i++) aside = this.at(`${name}.${why}-${time}-${i}`);
    await rename(this.at(name), aside);
    await syncFolder(this.path);
    return aside;
  }

  async #writeMarker(marker: Marker): Promise<void> {
    await replaceFile(this.at(MARKER), `${JSON.stringify(marker, undefined, 2)}\n`);
    this.#marker = marker;
  }
}

function newMarker({ kind, format = 1, networkId }: DataFolderOptions, now: number): Marker {
  const created = new Date(now).toISOString();
  return { software: SOFTWARE, format, kind, networkId, created, stores: [] };
}

/** The marker of a folder that is ours to take; `undefined` for one that is empty or not there. */
async function readMarker(path: string, options: DataFolderOptions): Promise<Marker | undefined> {
  const { networkId, isMoving = false } = options;
  const names = await namesIn(path);
  if (!names.includes(MARKER)) {
    const foreign = names.find((name) => !isLeftover(name));
    if (foreign === undefined) return undefined;
    throw new Refusal(
      "wrong-folder",
      `${path} is not empty and has no ${MARKER}: "${foreign}" is in it`,
    );
  }
  const marker = parseMarker(await readFile(join(path, MARKER), "utf8"), path, options);
  if (marker.networkId !== networkId) {
    const [its, ours] = [marker.networkId, networkId].map((id) => id ?? "no network");
    throw new Refusal("wrong-network", `${path} belongs to ${its}, the process to ${ours}`);
  }
  if (!isMoving) checkStays(marker.move, path);
  return marker;
}

function parseMarker(text: string, path: string, options: DataFolderOptions): Marker {
  let marker: unknown;
  try {
    marker = JSON.parse(text);
  } catch {
    throw new Refusal("wrong-folder", `${path} is not a folder of ours: ${MARKER} is not JSON`);
  }
  refuseIf(headProblems(marker), path);
  checkHead(marker as Static<typeof Head>, path, options);
  refuseIf(markerProblems(marker), path);
  return marker as Marker;
}

/** @throws Refusal `wrong-folder`, `unsupported-version`. */
function checkHead(
  { kind: its, format: found }: Static<typeof Head>,
  path: string,
  { kind, format = 1, ifOlder }: DataFolderOptions,
): void {
  if (its !== undefined && its !== kind)
    throw new Refusal("wrong-folder", `${path} belongs to a ${its}, not to a ${kind}`);
  if (found === format) return;
  const remedy = found < format && ifOlder !== undefined ? `: ${ifOlder}` : "";
  throw new Refusal(
    "unsupported-version",
    `${path} has format ${found}, this software reads ${format}${remedy}`,
  );
}

function refuseIf([problem]: readonly Problem[], path: string): void {
  if (problem === undefined) return;
  const detail = problemText(problem, MARKER);
  throw new Refusal("wrong-folder", `${path} is not a folder of ours: ${detail}`);
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw new Refusal("wrong-folder", `${path} is not a folder`);
    throw error;
  }
}

/** What does not make a folder anyone's: traces of a start that went no further. */
function isLeftover(name: string): boolean {
  return name === LOST_AND_FOUND || isLockFile(name) || isDraft(name, MARKER);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
