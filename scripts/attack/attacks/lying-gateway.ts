/** The gateway lies, or what stands in front of it: the records go another way, or the same way again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../../protocol/bytes.ts";
import type { Attack } from "../attack.ts";
import { type Lie, LyingGateway } from "../lying-gateway.ts";
import { until } from "../patience.ts";
import type { Person } from "../person.ts";
import type { Stage } from "../stage.ts";

const LIAR = 2;
const PAYEES = 6;

/** Devices of the liar's customers, each with a payment that nobody knows of yet. */
async function paidOffline(stage: Stage) {
  const amount = stage.chance.amount(5_00n, 15_00n);
  const payer = await stage.person("payer", 1);
  const payees = await Promise.all(
    Array.from({ length: PAYEES }, () => stage.person("payee", LIAR)),
  );
  await payer.load(payees.map(() => amount));
  const ids: Hex[] = [];
  for (const payee of payees) ids.push(await payer.pay(payee, amount));
  return { payees, ids, honest: [payer, ...payees] };
}

const unreliable: Attack = {
  name: "lying-gateway",
  tried: "a gateway drops, delays, doubles and forges what passes through it, and loses answers",
  async run(stage) {
    const { payees, ids, honest } = await paidOffline(stage);
    const lies: readonly Lie[] = ["pass", "drop", "lose-answer", "delay", "double", "garbage"];
    await using liar = await LyingGateway.open({
      stage,
      member: LIAR,
      lie: () => stage.chance.pick(lies),
      issuer: await stage.key(LIAR, "issuer"),
    });
    await Promise.all(payees.map((payee) => syncWhatever(payee, liar)));
    await stage.applied(ids);
    const told = [...liar.told].map(([lie, count]) => `${lie} ${count}`).join(", ");
    return { cheats: [], honest, happened: [`every payment applied once, through ${told}`] };
  },
};

/** Asks again until the purse knows that all it was paid has applied. */
async function syncWhatever(payee: Person, liar: LyingGateway): Promise<void> {
  await until(`${payee.name} knows that it was paid`, async () => {
    await payee.sync(payee.gateway(payee.bank, liar.url)).catch(() => undefined);
    return payee.purse.pending().length === 0;
  });
}

const swallowing: Attack = {
  name: "swallowing-gateway",
  tried: "a gateway signs that it has the records, and hands none of them on",
  async run(stage) {
    const { payees, ids, honest } = await paidOffline(stage);
    await using liar = await LyingGateway.open({
      stage,
      member: LIAR,
      lie: () => "swallow",
      issuer: await stage.key(LIAR, "issuer"),
    });
    for (const payee of payees) await payee.sync(payee.gateway(LIAR, liar.url));
    await sleep(1_000);
    const swallowed = await stage.observer.statuses(ids);
    if (swallowed.some(({ state }) => state !== "unknown"))
      throw new Error("the gateway has not swallowed what it was to swallow");
    // Any other bank takes them in.
    for (const payee of payees) await payee.sync(payee.gateway(1));
    await stage.applied(ids);
    return {
      cheats: [],
      honest,
      happened: [
        "nobody knew the records for as long as the payees went nowhere else; the next bank took them in",
      ],
    };
  },
};

export const lyingGateway = [unreliable, swallowing];
