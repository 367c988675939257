/** What a device believes of banks and keys, and when: lists, time, and how both travel. */
import type { CarriedList } from "../../../protocol/carried-lists.ts";
import { decodeRevocationList, decodeTrustList } from "../../../protocol/lists.ts";
import type { ListVersion } from "../../../protocol/list-version.ts";
import type { Case } from "../case.ts";
import { DAY_MS } from "../consortium.ts";
import { check } from "../finding.ts";
import { OWN } from "../trial.ts";

export const listsCases: readonly Case[] = [
  {
    name: "list-older",
    rules: ["D17"],
    title: "takes no list that is older than the one it holds",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const old = await consortium.revocations(2);
      const newer = await consortium.revocations(2, [payer.owner]);
      await subject.refresh({ lists: [newer] });
      const { version } = decodeRevocationList(newer.bytes);
      for (const stale of [old, await consortium.revocations(2, [], { version })]) {
        await trial.outcome(() => subject.refresh({ lists: [stale] }));
        await trial.turnsDown(await trial.payment(payer, 30n), ["revoked"]);
      }
    },
  },
  {
    name: "list-older-after-restart",
    rules: ["D17", "D22"],
    title: "remembers the lists it holds when it has been without power",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const old = await consortium.revocations(2);
      await subject.refresh({ lists: [await consortium.revocations(2, [payer.owner])] });
      await subject.restart();
      await trial.outcome(() => subject.refresh({ lists: [old] }));
      await trial.turnsDown(await trial.payment(payer, 30n), ["revoked"]);
    },
  },
  {
    name: "list-forged",
    rules: ["D17"],
    title: "passes over a revocation list that its member has not signed",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      for (const issuer of [seed.key("stranger"), consortium.issuer(OWN)]) {
        const forged = await consortium.revocations(2, [payer.owner], {}, issuer);
        await trial.outcome(() => subject.refresh({ lists: [forged] }));
      }
      await trial.takes(await trial.payment(payer, 30n), 30n);
    },
  },
  {
    name: "trust-list-forged",
    rules: ["D17"],
    title: "passes over a trust list that the authority has not signed",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const rows = [{ member: 2, status: 2 } as const];
      for (const key of [seed.key("stranger"), consortium.issuer(OWN)]) {
        const forged = await consortium.trustList({}, rows, key);
        await trial.outcome(() => subject.refresh({ lists: [forged] }));
      }
      await trial.takes(await trial.payment(payer, 30n), 30n);
    },
  },
  {
    name: "trust-list-older",
    rules: ["D17"],
    title: "takes no trust list that is older than the one it holds",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const old = await consortium.trustList();
      const suspended = [{ member: 2, status: 2 } as const];
      await subject.refresh({ lists: [await consortium.trustList({}, suspended)] });
      await trial.outcome(() => subject.refresh({ lists: [old] }));
      const payer = await trial.party("payer");
      await trial.turnsDown(await trial.payment(payer, 30n), ["untrusted-issuer"]);
    },
  },
  {
    name: "trust-key-passes-on",
    rules: ["D17"],
    title: "believes the next trust key once a list has named it, and the one before no more",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start();
      const next = seed.key("the next authority");
      const naming = await consortium.trustList({ nextTrustKey: next.publicKey });
      await subject.refresh({ lists: [naming] });
      const suspended = [{ member: 2, status: 2 } as const];
      const late = await consortium.trustList({}, suspended);
      await trial.outcome(() => subject.refresh({ lists: [late] }));
      const payer = await trial.party("payer");
      await trial.takes(await trial.payment(payer, 30n), 30n);
      const passedOn = { nextTrustKey: next.publicKey };
      await subject.refresh({ lists: [await consortium.trustList(passedOn, suspended, next)] });
      await trial.turnsDown(await trial.payment(payer, 30n), ["untrusted-issuer"]);
    },
  },
  {
    name: "trust-list-expired",
    rules: ["D18", "D7"],
    title: "believes no bank once its trust list has expired",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const notAfter = consortium.now + DAY_MS;
      await subject.refresh({ lists: [await consortium.trustList({ notAfter })] });
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await trial.turnsDown(paid, ["expired"]);
    },
  },
  {
    name: "time-of-others",
    rules: ["D18"],
    title: "takes the time from the authority and its own bank, and from no other bank",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const payer = await trial.party("payer", 2, { notAfter: consortium.now + DAY_MS });
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(2)] });
      await trial.takes(await trial.payment(payer, 30n), 30n);
      await subject.refresh({ lists: [await consortium.trustList()] });
      await trial.turnsDown(await trial.payment(payer, 30n), ["expired"]);
    },
  },
  {
    name: "time-by-receipt",
    rules: ["D18"],
    title: "takes the time from a receipt by its own bank",
    async run(trial) {
      const { consortium } = trial;
      await trial.start();
      const payer = await trial.party("payer", 2, { notAfter: consortium.now + DAY_MS });
      consortium.pass(DAY_MS);
      await trial.load(5n);
      await trial.turnsDown(await trial.payment(payer, 30n), ["expired"]);
    },
  },
  {
    name: "time-never-back",
    rules: ["D18", "D22"],
    title: "never goes back in time, and knows it after it has been without power",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const early = consortium.now;
      const payer = await trial.party("payer", 2, { notAfter: early + DAY_MS });
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      const backdated = await consortium.revocations(OWN, [], { issued: early });
      await subject.refresh({ lists: [backdated] });
      await trial.turnsDown(await trial.payment(payer, 30n), ["expired"]);
      await subject.restart();
      await trial.turnsDown(await trial.payment(payer, 30n), ["expired"]);
    },
  },
  {
    name: "tells-its-versions",
    rules: ["D19"],
    title: "says in message 1 which lists it holds",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const lists = await consortium.lists();
      await subject.refresh({ lists });
      const expected = new Set(lists.map(versionOf).map(textOf));
      const { versions } = await trial.request(30n);
      const told = versions.map(textOf);
      check(
        told.length === expected.size && told.every((each) => expected.has(each)),
        `message 1 names the versions held: ${[...expected].join(" ")}, not ${told.join(" ")}`,
      );
    },
  },
  {
    name: "hands-on-when-paying",
    rules: ["D19"],
    title: "hands the payee newer lists in message 2",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n] });
      const held = (await trial.request(1n)).versions;
      const newer = await consortium.revocations(2);
      await subject.refresh({ lists: [newer] });
      const payee = await trial.party("payee");
      const { request, ephemeral } = await payee.ask(30n, { versions: held });
      const message = await subject.pay(request.bytes);
      const { lists } = await payee.open({ request, ephemeral }, message);
      checkHanded(lists, [newer]);
    },
  },
  {
    name: "hands-on-when-paid",
    rules: ["D19"],
    title: "hands the payer newer lists in message 3",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const { versions } = await trial.request(1n);
      const newer = await consortium.revocations(2);
      await subject.refresh({ lists: [newer] });
      const payer = await trial.party("payer");
      const { lists } = await trial.takes(await trial.payment(payer, 30n, { versions }), 30n);
      checkHanded(lists, [newer]);
    },
  },
  {
    name: "learns-when-paid",
    rules: ["D19", "D17"],
    title: "learns lists from message 2, even if it takes no payment with it",
    async run(trial) {
      const { consortium } = trial;
      await trial.start();
      const [thief, payer] = [await trial.party("thief"), await trial.party("payer")];
      const lists = [await consortium.revocations(2, [thief.owner])];
      const nonce = trial.seed.bytes("another nonce", 16);
      const useless = await trial.payment(payer, 30n, { lists, body: { nonce } });
      await trial.turnsDown(useless, ["not-for-us"]);
      await trial.turnsDown(await trial.payment(thief, 30n), ["revoked"]);
    },
  },
  {
    name: "learns-when-paying",
    rules: ["D19", "D17"],
    title: "learns lists from message 3",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start({ coins: [100n] });
      const [payee, thief] = [await trial.party("payee"), await trial.party("thief")];
      const { id } = await trial.pay(payee, 30n);
      const lists = [await consortium.revocations(2, [thief.owner])];
      await subject.confirm(await payee.confirm(id, { lists }));
      const { request } = await thief.ask(10n);
      await trial.refuses(["revoked"], () => subject.pay(request.bytes));
    },
  },
  {
    name: "lists-in-messages-forged",
    rules: ["D17", "D19"],
    title: "takes a payment with forged or unreadable lists beside it, and passes the lists over",
    async run(trial) {
      const { consortium, seed } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const stranger = seed.key("stranger");
      const lists: CarriedList[] = [
        await consortium.revocations(2, [payer.owner], {}, stranger),
        await consortium.trustList({}, [{ member: 2, status: 2 }], stranger),
        { kind: "revocations", bytes: seed.bytes("no list", 100) },
      ];
      const paid = await trial.payment(payer, 30n, { lists });
      await trial.takes(paid, 30n);
      await trial.takes(await trial.payment(payer, 30n), 30n);
    },
  },
  {
    name: "long-lists-stay",
    rules: ["D19"],
    title: "carries no list that is longer than 512 bytes, and takes one from its gateway",
    async run(trial) {
      const { consortium, subject, seed } = trial;
      await trial.start({ coins: [100n] });
      const thief = await trial.party("thief");
      const owners = Array.from({ length: 60 }, (_, i) => seed.key(`revoked ${i}`).owner);
      const long = await consortium.revocations(2, [...owners, thief.owner]);
      await subject.refresh({ lists: [long] });
      await trial.turnsDown(await trial.payment(thief, 30n), ["revoked"]);
      const payee = await trial.party("payee");
      const { payment } = await trial.pay(payee, 30n);
      const carried = payment.lists.every(({ bytes }) => bytes.length !== long.bytes.length);
      check(carried, "message 2 does not carry the long list");
    },
  },
];

function versionOf({ kind, bytes }: CarriedList): ListVersion {
  if (kind === "revocations") return decodeRevocationList(bytes);
  return { member: 0, version: decodeTrustList(bytes).version };
}

function textOf({ member, version }: ListVersion): string {
  return `${member}:${version}`;
}

function checkHanded(lists: readonly CarriedList[], expected: readonly CarriedList[]): void {
  const told = lists.map(({ bytes }) => bytes.join());
  const isAll = expected.every(({ bytes }) => told.includes(bytes.join()));
  check(isAll, "the message carries the list that the other device lacks");
  check(told.length === expected.length, "it carries no list that the other device has");
}
