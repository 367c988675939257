/** What tills of one shop say to each other, open and sealed with the shop's key. */
import {
  type AlarmMessage,
  decodeAlarm,
  encodeAlarm,
  openAlarm,
  sealAlarm,
} from "../../protocol/alarm.ts";
import { concat, toHex } from "../../protocol/bytes.ts";
import { bytes, networkId, random } from "./keys.ts";
import { coin } from "./parties.ts";
import { bad, badAsync, badLengths, fieldsOf, patch, type Vectors } from "./vector.ts";

const till = (name: string) => toHex(bytes(`till ${name}`, 8));
const taking = (name: string, inputs: number) => ({
  id: toHex(bytes(name, 32)),
  inputs: Array.from({ length: inputs }, (_, i) => coin(`coins of ${name}`, i)),
});

const held = ["a", "b", "c"]
  .map((name, i) => ({ till: till(name), number: i }))
  .sort((a, b) => (a.till < b.till ? -1 : 1));
const alone: AlarmMessage = { kind: "beat", till: till("a"), held: [] };
const beat: AlarmMessage = { kind: "beat", till: till("a"), held };
const stretch: AlarmMessage = {
  kind: "stretch",
  till: till("b"),
  floor: 3,
  first: 7,
  takings: [taking("one", 1), taking("sixteen", 16)],
};

export function alarms(): Vectors {
  const [beaten, said] = [encodeAlarm(beat), encodeAlarm(stretch)];
  const takings = 1 + 8 + 8;
  return {
    good: [
      good("a till that knows nothing", alone),
      good("a till that knows three logs", beat),
      good("a stretch of two records", stretch),
    ],
    bad: [
      ...badLengths(said, decodeAlarm),
      bad("kind 0", patch(beaten, 0, 0), decodeAlarm),
      bad("kind 3", patch(beaten, 0, 3), decodeAlarm),
      bad("65 logs", patch(beaten, 9, 65), decodeAlarm),
      bad("logs that do not ascend", patch(beaten, 10, 0xff), decodeAlarm),
      bad("a floor of 0", patch(said, 9, 0, 0, 0, 0), decodeAlarm),
      bad("a first record below the floor", patch(said, 13, 0, 0, 0, 2), decodeAlarm),
      bad("no record", patch(said, takings, 0), decodeAlarm),
      bad("a record that takes nothing", patch(said, takings + 33, 0), decodeAlarm),
      bad("a record that takes 17 coins", patch(said, takings + 33, 17), decodeAlarm),
      bad(
        "coins that do not ascend",
        patch(said, takings + 34 + 33 + 32 + 1 + 33 + 32, 0),
        decodeAlarm,
      ),
    ],
  };
}

export async function sealedAlarms() {
  const shopKey = bytes("shop key", 32);
  const open = (input: Uint8Array) => openAlarm(networkId, shopKey, input);
  const seal = (key: Uint8Array, name: string, network = networkId) =>
    sealAlarm(network, key, beat, random(`alarm ${name}`));
  const encoded = await seal(shopKey, "good");
  return {
    /** The shop's. */
    privateKey: toHex(shopKey),
    good: [{ name: "a beat", bytes: toHex(encoded), expected: toHex(encodeAlarm(beat)) }],
    bad: await Promise.all([
      badAsync("no bytes at all", new Uint8Array(), open),
      badAsync("version 2", patch(encoded, 0, 2), open),
      badAsync("no tag", encoded.slice(0, 20), open),
      badAsync("a byte changed", patch(encoded, 20, encoded[20]! ^ 1), open),
      badAsync("one byte is left over", concat(encoded, Uint8Array.of(0)), open),
      badAsync("1,201 bytes", concat(encoded, new Uint8Array(1_201 - encoded.length)), open),
      badAsync("another shop's", await seal(bytes("another shop", 32), "other shop"), open),
      badAsync("another network's", await seal(shopKey, "net", bytes("another network", 32)), open),
    ]),
  };
}

function good(name: string, alarm: AlarmMessage) {
  return { name, bytes: toHex(encodeAlarm(alarm)), expected: fieldsOf(alarm) };
}
