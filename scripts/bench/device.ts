/**
 * What a payment costs devices: bytes and CPU of the three messages, and of money that has passed through many
 * hands; and what it takes by codes and by card.
 */
import { randomBytes } from "node:crypto";
import { collect } from "../../device/exchange.ts";
import { CardApplication } from "../../device/nfc/card-application.ts";
import { CardClient } from "../../device/nfc/card-client.ts";
import { payingCard } from "../../device/nfc/card-transport.ts";
import { FrameCollector } from "../../device/qr/frame-collector.ts";
import { framesOf } from "../../device/qr/frames.ts";
import { cpuSeconds, median } from "./anchor.ts";
import { DeviceBank } from "./device-bank.ts";

export type DeviceCosts = {
  /** CPU of request, payment, receipt and confirmation, both sides together. */
  readonly exchangeMs: number;
  readonly firstHopBytes: number;
  readonly eightHopBytes: number;
  /** CPU of the payee that checks eight hops. */
  readonly eightHopMs: number;
  /** Codes that a camera sees until it has 2 KB, when it misses none, and when it misses one in five. */
  readonly codes: number;
  readonly codesWithLoss: number;
  /** Commands and answers until a card has paid, at its first hop, in pieces of 255 bytes. */
  readonly apdus: number;
};

/** Codes a second of an animation. */
export const CODES_PER_S = 10;

const HOPS = 8;
const ROUNDS = 9;
const LOADED = 100_000n;
const SHOWN_BYTES = 2048;
const LOSS = 0.2;
/** Half of the tries with losses. */
const LOSSES = 500;
/** What message 2 has around a bundle that travels without lists: version, key, two counts of none, tag. */
const SEALED_MORE = 1 + 65 + 2 + 16;

export async function measureDevice(): Promise<DeviceCosts> {
  const bank = new DeviceBank();
  const exchanges: number[] = [];
  const lasts: number[] = [];
  let firstHopBytes = 0;
  let eightHopBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const devices = await Promise.all(Array.from({ length: HOPS + 1 }, () => bank.device()));
    await devices[0]!.refresh({ receipts: [await bank.coin(devices[0]!, LOADED)] });
    for (let hop = 1; hop <= HOPS; hop++) {
      const [payer, payee] = [devices[hop - 1]!, devices[hop]!];
      const start = process.cpuUsage();
      const request = await payee.request(LOADED - BigInt(hop));
      const payment = await payer.pay(request);
      const received = process.cpuUsage();
      const { confirmation } = await payee.receive(payment);
      if (hop === HOPS) lasts.push(cpuSeconds(received) * 1000);
      await payer.confirm(confirmation.bytes);
      if (hop === 1) {
        exchanges.push(cpuSeconds(start) * 1000);
        firstHopBytes = payment.length - SEALED_MORE;
      }
      eightHopBytes = payment.length - SEALED_MORE;
    }
  }
  return {
    exchangeMs: median(exchanges),
    firstHopBytes,
    eightHopBytes,
    eightHopMs: median(lasts),
    codes: codesSeen(0),
    codesWithLoss: median(Array.from({ length: 1 + 2 * LOSSES }, () => codesSeen(LOSS))),
    apdus: await countApdus(bank),
  };
}

/** How many codes of 2 KB are shown until a camera that misses some has the message. */
function codesSeen(loss: number): number {
  const frames = framesOf(new Uint8Array(randomBytes(SHOWN_BYTES)));
  const camera = new FrameCollector();
  let shown = 0;
  for (; camera.message === undefined; shown++) {
    const frame = frames.next().value as string;
    if (Math.random() >= loss) camera.take(frame);
  }
  return shown;
}

async function countApdus(bank: DeviceBank): Promise<number> {
  const [purse, till] = [await bank.device(), await bank.device()];
  await purse.refresh({ receipts: [await bank.coin(purse, LOADED)] });
  const application = new CardApplication(purse);
  let count = 0;
  const card = new CardClient({
    transmit: (command) => {
      count++;
      return application.handle(command);
    },
  });
  await card.select();
  await collect(till, payingCard(card), 1n);
  return count;
}
