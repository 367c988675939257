/**
 * The table of torn exchanges, exhaustively: payments that are accepted, returned and called invalid,
 * refunds, and change from the payee, each cut off at every write of either side, kept or not, and after
 * every message, once and twice. Value is never lost and never doubled, what is repeated is the same bytes,
 * and no device signs two bodies for a coin.
 */
import { expect } from "chai";
import { decodeConfirmation } from "../../protocol/confirmation.ts";
import { formatReference, type PayingBack } from "../../protocol/reference.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { type Scenario, type Side, Start, type Step } from "./support/journey.ts";
import { settle } from "./support/settle.ts";
import { total } from "./support/world.ts";

const other = { payer: "payee", payee: "payer" } as const;

function request(by: Side, make: (shown: readonly Uint8Array[]) => [bigint, string]): Step {
  return {
    isRequest: true,
    make: (devices, shown) => devices[by].purse.request(...make(shown)),
  };
}

/** What follows message 1: the payment, the confirmation, and that it is taken. */
function answers(payer: Side, first: number, comparedBytes?: number): Step[] {
  return [
    { make: (devices, shown) => devices[payer].purse.pay(shown[first]!) },
    {
      comparedBytes,
      make: async (devices, shown) =>
        (await devices[other[payer]].purse.receive(shown[first + 1]!)).confirmation.bytes,
    },
    {
      async make(devices, shown) {
        await devices[payer].purse.confirm(shown[first + 2]!);
        return undefined;
      },
    },
  ];
}

/** The reference to the payment that message 3 in `shown[at]` confirms. */
function backFrom(kind: PayingBack["kind"], confirmation: Uint8Array): string {
  return formatReference({ kind, of: decodeConfirmation(confirmation).id });
}

const scenarios: readonly Scenario[] = [
  {
    name: "a payment that is accepted",
    steps: [request("payee", () => [30n, "order 7"]), ...answers("payer", 0)],
    met: [70n, 80n],
    settled: [
      [100n, 50n],
      [70n, 80n],
    ],
  },
  {
    name: "a payment that is returned",
    async prepare(world, { payee }) {
      const third = await world.device("a third", { coins: [30n] });
      const message = await payee.purse.request(30n);
      await payee.purse.receive(await third.purse.pay(message));
      return [message];
    },
    steps: answers("payer", 0),
    met: [100n, 80n],
    settled: [
      [100n, 80n],
      [70n, 110n],
    ],
  },
  {
    name: "a payment that is called invalid",
    async prepare(world, { payee }) {
      // By the list that the payee holds, the payer's bank has another key.
      const issuer = keyOf("somebody else").publicKey;
      await payee.purse.refresh({ lists: [await world.trustList({}, [{ member: 1, issuer }])] });
      return [];
    },
    // Version, status and record; the signature is made anew, since nothing is kept.
    steps: [request("payee", () => [30n, ""]), ...answers("payer", 0, 34)],
    met: [70n, 50n],
    settled: [
      [100n, 50n],
      [70n, 80n],
    ],
  },
  {
    name: "a refund in part",
    async prepare(_, { payer, payee }) {
      const message = await payee.purse.request(30n);
      const { confirmation } = await payee.purse.receive(await payer.purse.pay(message));
      await payer.purse.confirm(confirmation.bytes);
      return [confirmation.bytes];
    },
    steps: [
      request("payer", ([confirmed]) => [20n, backFrom("refund", confirmed!)]),
      ...answers("payee", 1),
    ],
    met: [90n, 60n],
    settled: [
      [70n, 80n],
      [90n, 60n],
    ],
  },
  {
    name: "a large coin, and change from the payee",
    steps: [
      request("payee", () => [100n, formatReference({ kind: "price", price: 60n, text: "" })]),
      ...answers("payer", 0),
      // The end of the first exchange shows no message.
      request("payer", (shown) => [40n, backFrom("change", shown[2]!)]),
      ...answers("payee", 4),
    ],
    met: [40n, 110n],
    settled: [
      [100n, 50n],
      [0n, 150n],
      [40n, 110n],
    ],
  },
];

describe("at every write and every message,", () => {
  for (const scenario of scenarios) {
    describe(scenario.name, () => {
      it("ends as if nothing had been when it is cut off twice and taken up again [N-07, R-110, R-111]", async () => {
        const start = await Start.of(scenario);
        const cuts = await start.cuts();
        let journeys = 0;
        for (const first of cuts) {
          for (const second of cuts) {
            const journey = await start.journey();
            expect(await journey.run(first), JSON.stringify(first)).to.equal(true);
            await journey.reopen();
            if (await journey.run(second)) await journey.reopen();
            await journey.run();
            const { payer, payee } = journey.devices;
            const where = JSON.stringify([first, second]);
            expect([total(payer.purse), total(payee.purse)], where).to.deep.equal(scenario.met);
            expect(start.bodies.coins).to.be.above(0);
            journeys++;
          }
        }
        expect(journeys).to.equal(cuts.length ** 2);
      });

      for (const first of ["payer", "payee"] as const) {
        it(`is whole when it is never taken up again, and the ${first} syncs first [N-07, R-078]`, async () => {
          for (const cut of await (await Start.of(scenario)).cuts()) {
            const start = await Start.of(scenario);
            const journey = await start.journey();
            await journey.run(cut);
            await journey.reopen();
            const { payer, payee } = journey.devices;
            await settle(start.world, ...(first === "payer" ? [payer, payee] : [payee, payer]));
            const have = [total(payer.purse), total(payee.purse)];
            expect(scenario.settled, JSON.stringify([cut, have.map(String)])).to.deep.include(have);
          }
        });
      }
    });
  }
});
