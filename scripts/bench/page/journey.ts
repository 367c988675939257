/**
 * A payment between two purses in a browser, by codes: each message is drawn on a screen ten times a second, and read
 * by a camera before that screen. All but the glass is real: keys, rows, pictures, decoder. The bench calls `actions`.
 */
import { watchCodes } from "../../../device/browser/camera.ts";
import { IndexedDbPurseStore } from "../../../device/browser/indexed-db-store.ts";
import { WebCryptoSigner } from "../../../device/browser/web-crypto-signer.ts";
import { Purse } from "../../../device/purse.ts";
import { FrameCollector } from "../../../device/qr/frame-collector.ts";
import { framesOf } from "../../../device/qr/frames.ts";
import { drawQr } from "../../../device/qr/qr-code.ts";
import { fromHex, type Hex, toHex } from "../../../protocol/bytes.ts";
import { decodeCertificate } from "../../../protocol/certificate.ts";
import { decodeReceipt } from "../../../protocol/receipt.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { portableVerifier } from "../../../protocol/signature.ts";
import type { Journey, Settings, Supply } from "./spoken.ts";

const FRAME_MS = 100;
const [width, height] = [1280, 720];
/** How another screen is held before a camera: a little turned, in a grey room. */
const TURN = Math.PI / 45;
const MODULE = 4;

const screen = document.createElement("canvas");
screen.width = width;
screen.height = height;
const context = screen.getContext("2d")!;
navigator.mediaDevices.getUserMedia = async () => screen.captureStream(30);

const purses = new Map<string, Purse>();

/** Makes a purse. @returns its device key. */
async function open(name: string, { networkId, member, trustKey, lifeMs }: Settings): Promise<Hex> {
  const signer = await WebCryptoSigner.open(name);
  const purse = await Purse.open({
    networkId,
    member,
    class: "host",
    signer,
    verifier: portableVerifier,
    store: await IndexedDbPurseStore.open(name),
    random: systemRandom,
    clock: Date.now,
    trustKey: fromHex(trustKey),
    receiptLifeMs: lifeMs,
  });
  purses.set(name, purse);
  return toHex(signer.publicKey);
}

/** What a sync brings. */
async function supply(name: string, { trustList, certificate, receipts }: Supply): Promise<void> {
  await purses.get(name)!.refresh({
    lists: [{ kind: "trust", bytes: fromHex(trustList) }],
    certificate: decodeCertificate(fromHex(certificate)),
    receipts: receipts.map((receipt) => decodeReceipt(fromHex(receipt))),
  });
}

/** A payment, from the amount until both know that it is done; and 2 KB by codes. Milliseconds. */
async function measure(payerName: string, payeeName: string, amount: string): Promise<Journey> {
  const [payer, payee] = [purses.get(payerName)!, purses.get(payeeName)!];
  const start = performance.now();
  const request = await carry(await payee.request(BigInt(amount)));
  const payment = await carry(await payer.pay(request));
  const { confirmation } = await payee.receive(payment);
  const { status } = await payer.confirm(await carry(confirmation.bytes));
  if (status !== "accepted") throw new Error(`the payment was ${status}`);
  const paid = performance.now();
  await carry(systemRandom(2048));
  return { paymentMs: paid - start, codesMs: performance.now() - paid };
}

/** By codes from a screen to a camera that comes before it once it shows them. */
async function carry(message: Uint8Array): Promise<Uint8Array> {
  const frames = framesOf(message);
  const show = () => draw(frames.next().value as string);
  show();
  const timer = setInterval(show, FRAME_MS);
  const ended = new AbortController();
  const collector = new FrameCollector();
  const video = document.createElement("video");
  video.muted = true;
  const take = (text: string) => {
    collector.take(text);
    if (collector.message !== undefined) ended.abort();
  };
  try {
    await watchCodes(video, take, ended.signal);
    return collector.message!;
  } finally {
    clearInterval(timer);
  }
}

function draw(text: string): void {
  const modules = drawQr(text);
  context.fillStyle = "#6b6f72";
  context.fillRect(0, 0, width, height);
  context.save();
  context.translate(width / 2, height / 2);
  context.rotate(TURN);
  const side = modules.length * MODULE;
  context.translate(-side / 2, -side / 2);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.fillStyle = "#000";
  for (const [y, row] of modules.entries()) {
    for (const [x, isDark] of row.entries()) {
      if (isDark) context.fillRect(x * MODULE, y * MODULE, MODULE, MODULE);
    }
  }
  context.restore();
}

Object.assign(globalThis, { actions: { open, supply, measure } });
