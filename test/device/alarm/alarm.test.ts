/** One coin at two tills of a shop, without internet: the second till refuses it. */
import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { sealAlarm } from "../../../protocol/alarm.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Outpoint } from "../../../protocol/output.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { type AlarmLink, MemoryLan } from "../../../device/alarm/alarm-link.ts";
import { Alarm, receiveAtTill } from "../../../device/alarm/alarm.ts";
import { UdpLink } from "../../../device/alarm/udp-link.ts";
import { MemoryPurseStore } from "../../../device/purse-store.ts";
import { sync } from "../../../device/sync.ts";
import type { Purse } from "../../../device/purse.ts";
import { randomOf as chanceOf } from "../../support/random-of.ts";
import { until } from "../../support/until.ts";
import { TestGateway } from "../support/gateway.ts";
import { bundleOf, forge, nonceOf, seal } from "../support/forger.ts";
import {
  DAY_MS,
  type Device,
  exchange,
  networkId,
  RECEIPT_LIFE_MS,
  total,
  World,
} from "../support/world.ts";

const SHOP_KEY = systemRandom(32);
const OTHER_KEY = systemRandom(32);

type Till = { readonly purse: Purse; readonly alarm: Alarm };

describe("the local alarm", () => {
  let world: World;
  let mal: Device;
  /** The same purse once more, from a copy: what no honest device has. */
  let copy: Purse;
  const alarms: Alarm[] = [];

  beforeEach(async () => {
    world = new World();
    const store = new MemoryPurseStore();
    mal = await world.device("Mal", { coins: [10n], store });
    const copied = new MemoryPurseStore();
    await copied.write(Array.from(await store.rows(), ([key, value]) => ({ key, value })));
    copy = await world.open("Mal", 1, copied);
  });

  afterEach(async () => {
    await Promise.all(alarms.splice(0).map((alarm) => alarm.stop()));
  });

  const alarmOn = (link: AlarmLink, shopKey = SHOP_KEY, beatMs = 50) => {
    const parts = { networkId, shopKey, link, random: systemRandom };
    const clock = () => world.now + performance.now();
    const alarm = new Alarm({ ...parts, clock, receiptLifeMs: RECEIPT_LIFE_MS }, { beatMs });
    alarms.push(alarm);
    alarm.start();
    return alarm;
  };
  const tillOn = async (name: string, link: AlarmLink, shopKey?: Uint8Array): Promise<Till> => {
    const alarm = alarmOn(link, shopKey);
    world.rivals.set(name, (outpoint) => alarm.rival(outpoint));
    const { purse } = await world.device(name);
    return { purse, alarm };
  };
  const payAt = async ({ purse, alarm }: Till, payer: Purse) =>
    receiveAtTill(purse, alarm, await payer.pay(await purse.request(10n)));
  const coins = (purse: Purse): Outpoint[] =>
    purse.pending().flatMap(({ record }) => [...record.inputs]);
  const hears = ({ alarm }: Till, from: Till) =>
    until("the other till has heard", () =>
      coins(from.purse).every((coin) => alarm.rival(coin) !== undefined),
    );

  it("has a coin refused at a second till within a second, and the payer told [N-20, R-165]", async () => {
    const port = 42_000 + (process.pid % 5_000);
    const join = () => UdpLink.open({ port, address: "127.0.0.1" });
    const [first, second] = [
      await tillOn("till 1", await join()),
      await tillOn("till 2", await join()),
    ];
    const { confirmation } = await payAt(first, mal.purse);
    expect(confirmation.status).to.equal("accepted");
    const start = performance.now();
    await hears(second, first);
    const refused = await payAt(second, copy);
    expect(performance.now() - start).to.be.below(1_000);
    expect(refused.refusal?.code).to.equal("spent");
    expect(total(second.purse)).to.equal(0n);
    const told = await copy.confirm(refused.confirmation.bytes);
    expect(told.status).to.equal("invalid");
  });

  it("takes both where there is no link, and the ledger tells the second till at its sync [N-20, R-031, R-043, R-165]", async () => {
    const [first, second] = [
      await tillOn("till 1", new MemoryLan().join()),
      await tillOn("till 2", new MemoryLan().join()),
    ];
    await payAt(first, mal.purse);
    expect((await payAt(second, copy)).confirmation.status).to.equal("accepted");
    expect(second.purse.pending().map(({ role }) => role)).to.deep.equal(["received"]);
    const gateway = new TestGateway(world, 1, ["till 1", "till 2"]);
    for (const { purse } of [first, second]) {
      await sync(purse, gateway);
      gateway.sequence();
    }
    const { refused } = await sync(second.purse, gateway);
    expect(refused.map(({ reason }) => reason.code)).to.deep.equal(["spent"]);
    expect(second.purse.balance()).to.include({ spendable: 0n, frozen: 0n, doubtful: 10n });
  });

  it("works where half of all datagrams are lost and others come twice [N-20]", async () => {
    const chance = chanceOf(7);
    const lan = new MemoryLan(() => (chance() < 0.5 ? 0 : chance() < 0.3 ? 2 : 1));
    const tills = await Promise.all(
      Array.from({ length: 5 }, (_, i) => tillOn(`till ${i}`, lan.join())),
    );
    await payAt(tills[0]!, mal.purse);
    const start = performance.now();
    for (const till of tills.slice(1)) await hears(till, tills[0]!);
    expect(performance.now() - start).to.be.below(3_000);
    expect((await payAt(tills[4]!, copy)).refusal?.code).to.equal("spent");
  });

  it("tells a till that comes late, and of tills that have gone [N-20]", async () => {
    const lan = new MemoryLan();
    const first = await tillOn("till 1", lan.join());
    await payAt(first, mal.purse);
    const second = await tillOn("till 2", lan.join());
    await hears(second, first);
    await first.alarm.stop();
    const third = await tillOn("till 3", lan.join());
    await hears(third, first);
    expect((await payAt(third, copy)).refusal?.code).to.equal("spent");
  });

  it("is told again by a till that starts anew, of what it has pending [N-20]", async () => {
    const lan = new MemoryLan();
    const first = await tillOn("till 1", lan.join());
    await payAt(first, mal.purse);
    await first.alarm.stop();
    const again = alarmOn(lan.join());
    const second = await tillOn("till 2", lan.join());
    again.tell(first.purse.pending());
    await hears(second, first);
  });

  it("covers every coin on the way of what was taken, not the last alone [N-20]", async () => {
    const lan = new MemoryLan();
    const [first, second] = [
      await tillOn("till 1", lan.join()),
      await tillOn("till 2", lan.join()),
    ];
    const ben = await world.device("Ben");
    await exchange(mal, ben, 10n);
    await payAt(first, ben.purse);
    await hears(second, first);
    expect((await payAt(second, copy)).refusal?.code).to.equal("spent");
  });

  it("lets the same payment come again, and a good coin be paid [N-20]", async () => {
    const lan = new MemoryLan();
    const [first, second] = [
      await tillOn("till 1", lan.join()),
      await tillOn("till 2", lan.join()),
    ];
    const payment = await mal.purse.pay(await first.purse.request(10n));
    const { confirmation } = await receiveAtTill(first.purse, first.alarm, payment);
    const repeated = await receiveAtTill(first.purse, first.alarm, payment);
    expect(repeated.confirmation.bytes).to.deep.equal(confirmation.bytes);
    await hears(second, first);
    const ada = await world.device("Ada", { coins: [10n] });
    expect((await payAt(second, ada.purse)).confirmation.status).to.equal("accepted");
  });

  it("hears nobody without the shop's key: strangers cannot have good coins refused [N-20, R-152]", async () => {
    const lan = new MemoryLan();
    const wire: Uint8Array[] = [];
    const tap = lan.join();
    tap.onDatagram((datagram) => wire.push(datagram));
    const till = await tillOn("till 1", lan.join());
    const ada = await world.device("Ada", { coins: [10n] });
    const [coin] = ada.purse.coins();
    const taking = { id: toHex(systemRandom(32)), inputs: [coin!.outpoint] };
    const lie = { kind: "stretch" as const, till: toHex(systemRandom(8)), floor: 1, first: 1 };
    for (const [network, key] of [
      [networkId, OTHER_KEY],
      [systemRandom(32), SHOP_KEY],
    ] as const) {
      tap.send(await sealAlarm(network, key, { ...lie, takings: [taking] }, systemRandom));
    }
    for (const junk of [new Uint8Array(), new Uint8Array(1_200), new Uint8Array(5_000)])
      tap.send(junk);
    await until("the till has beaten", () => wire.length > 8);
    for (const datagram of wire.slice(0, 8)) {
      const bent = datagram.slice();
      bent[20]! ^= 1;
      tap.send(bent);
    }
    await until("it has beaten again", () => wire.length > 20);
    expect(till.alarm.size).to.equal(0);
    expect((await payAt(till, ada.purse)).confirmation.status).to.equal("accepted");
    for (const datagram of wire) {
      expect(
        Buffer.from(datagram).includes(Buffer.from(coin!.outpoint.slice(2, 66), "hex")),
      ).to.equal(false);
    }
  });

  it("gives strangers who play old datagrams back no more than tills are given [N-20]", async () => {
    const lan = new MemoryLan();
    const tap = lan.join();
    let said = 0;
    const wire: Uint8Array[] = [];
    tap.onDatagram((datagram) => {
      said += 1;
      wire.push(datagram);
    });
    const [first, second] = [
      await tillOn("till 1", lan.join()),
      await tillOn("till 2", lan.join()),
    ];
    await payAt(first, mal.purse);
    await hears(second, first);
    const old = wire.slice(0, 2);
    await until("a quiet moment", () => wire.length > 10);
    const before = said;
    for (let i = 0; i < 500; i++) for (const datagram of old) tap.send(datagram);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(said - before - 1_000).to.be.below(200);
    expect(first.alarm.size).to.equal(1);
  });

  it("remembers a coin for as long as a receipt for it may live, and no more coins than it may [N-20]", async () => {
    const lan = new MemoryLan();
    const [one, two] = [alarmOn(lan.join(), SHOP_KEY, 20), alarmOn(lan.join(), SHOP_KEY, 20)];
    const record = (n: number, inputs = 16) => {
      const outpoints = Array.from(
        { length: inputs },
        (_, i) => `0x${(16 * n + i).toString(16).padStart(64, "0")}00` as Outpoint,
      );
      return { id: toHex(systemRandom(32)), record: { inputs: outpoints } as never };
    };
    one.tell([record(1, 1)]);
    await until("it has come", () => two.size === 1);
    world.pass(RECEIPT_LIFE_MS - DAY_MS);
    one.tell([record(2, 1)]);
    await until("the second has come", () => two.size === 2);
    world.pass(2 * DAY_MS);
    one.tell([record(3, 1)]);
    await until("the first is forgotten", () => two.size === 2);
    expect(one.size).to.equal(2);
    const many = limits.alarmCoinsMax / 16;
    for (let n = 0; n < many; n += 128) {
      one.tell(Array.from({ length: 128 }, (_, i) => record(4 + n + i)));
    }
    one.tell([record(4 + many)]);
    expect(one.size).to.equal(limits.alarmCoinsMax);
  });

  it("lets a till that is shown a coin it has not heard of judge as ever", async () => {
    const lan = new MemoryLan();
    const till = await tillOn("till 1", lan.join());
    const [receipt] = await world.load(mal, [10n]);
    const request = await till.purse.request(10n);
    const { owner } = till.purse.identity();
    const payment = await forge({
      signer: mal.signer,
      inputs: [receipt!.outpoint],
      outputs: [{ lock: 0, owner, custodian: 1, amount: 9n }],
      nonce: nonceOf(request),
    });
    const bundle = bundleOf(payment, [mal.purse.identity().certificate!], [receipt!]);
    const message = await seal(request, bundle);
    const { refusal } = await receiveAtTill(till.purse, till.alarm, message);
    expect(refusal?.code).to.equal("unbalanced");
    expect(till.alarm.rival(receipt!.outpoint)).to.equal(undefined);
  });
});
