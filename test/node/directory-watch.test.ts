/** The directory follows the registry, whatever becomes of single readings. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Directory, type DirectoryRows } from "../../node/directory.ts";
import { DirectoryWatch } from "../../node/directory-watch.ts";
import { memberStatus } from "../../protocol/rules.ts";
import { until } from "../support/until.ts";

const VALIDATOR = "0x1111111111111111111111111111111111111111";
const intake = new Uint8Array(33);

/** A registry in which the one member's name is the block that it was read at. */
function rowsAt(block: number): DirectoryRows {
  const peer = { name: `${block}`, peerId: "peer-1", addresses: [] };
  const status = memberStatus.active;
  const member = { ...peer, member: 1, status, validator: VALIDATOR, intake } as const;
  return { members: [member], observers: [] };
}

describe("the directory", () => {
  const watchOf = (read: (block: number) => Promise<DirectoryRows>) => {
    const directory = new Directory();
    const logger = { warn: () => undefined };
    return { directory, watch: new DirectoryWatch({ directory, read, logger }) };
  };
  const nameIn = (directory: Directory) => directory.rows.members[0]?.name;

  it("is read again after a reading that failed, until it shows the change", async () => {
    let failures = 2;
    const { directory, watch } = watchOf(async (block) => {
      if (block === 7 && failures-- > 0) throw new Error("the chain does not answer");
      return rowsAt(block);
    });
    await using _ = watch;
    await watch.start();
    assert.equal(nameIn(directory), "0");
    watch.changed(7);
    await until("the change is read", () => nameIn(directory) === "7");
    assert.equal(failures, -1);
  });

  it("is read once for changes that come together, and never by two at a time", async () => {
    const asked: number[] = [];
    let open = 0;
    const { directory, watch } = watchOf(async (block) => {
      asked.push(block);
      assert.equal(++open, 1);
      await sleep(5);
      open--;
      return rowsAt(block);
    });
    await using _ = watch;
    await watch.start();
    for (const block of [3, 4, 9, 5]) watch.changed(block);
    await until("the last change is read", () => nameIn(directory) === "9");
    watch.changed(9);
    await sleep(20);
    assert.deepEqual(asked, [0, 3, 9]);
  });

  it("is not waited for when the node stops", async () => {
    const { watch } = watchOf(() => new Promise(() => undefined));
    const starting = watch.start();
    await watch.stop();
    await starting;
    watch.changed(3);
  });

  it("names no validator of a member that is not active", () => {
    const directory = new Directory();
    directory.update(rowsAt(1));
    assert.equal(directory.validatorOf(1), VALIDATOR);
    for (const status of [memberStatus.suspended, memberStatus.removed]) {
      const [row] = rowsAt(1).members;
      directory.update({ members: [{ ...row!, status }], observers: [] });
      assert.equal(directory.validatorOf(1), undefined);
    }
    assert.equal(directory.validatorOf(2), undefined);
  });
});
