/** What a camera sees, as the texts of codes. */
import { readQr } from "../qr/qr-code.ts";

/** Codes are made for a picture of so many lines; more is slower to read and shows no more. */
const LINES = 720;

/**
 * Shows the camera's picture and reads the codes in its middle square, until `signal` is aborted.
 * @param take is given the text of a code each time one is seen.
 * @throws DOMException if there is no camera, or the person allows none.
 */
export async function watchCodes(
  video: HTMLVideoElement,
  take: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: LINES } },
  });
  try {
    if (signal.aborted) return;
    video.srcObject = stream;
    await video.play();
    const canvas = new OffscreenCanvas(LINES, LINES);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    for (;;) {
      await nextFrame(video, signal);
      if (signal.aborted) return;
      const text = readQr(middleOf(video, context));
      if (text !== undefined) take(text);
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

/** The next picture, or the end. */
function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    video.requestVideoFrameCallback(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
  });
}

function middleOf(video: HTMLVideoElement, context: OffscreenCanvasRenderingContext2D): ImageData {
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  const [x, y] = [(width - side) / 2, (height - side) / 2];
  const size = Math.min(side, LINES);
  context.drawImage(video, x, y, side, side, 0, 0, size, size);
  return context.getImageData(0, 0, size, size);
}
