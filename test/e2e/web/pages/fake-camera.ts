/**
 * A camera for pages in tests: what is held before it is a picture of another page's screen, not quite straight, not
 * quite even in light, in a room. From there on everything is real: the stream, the pixels, the decoder.
 */

export {};

const [width, height] = [1280, 720];
const canvas = document.createElement("canvas");
canvas.width = width;
canvas.height = height;
const context = canvas.getContext("2d")!;

/** Degrees by which the other screen is turned. */
const TURN = 4;
/** Share of the picture's height that the other screen takes. */
const SHARE = 0.86;

drawRoom();
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);

/** Holds a picture, a PNG in base64, before the camera; nothing takes it away. */
async function hold(png?: string): Promise<void> {
  if (png === undefined) return drawRoom();
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]));
  drawRoom();
  context.save();
  context.translate(width / 2, height / 2);
  context.rotate((TURN * Math.PI) / 180);
  const side = height * SHARE;
  context.drawImage(picture, -side / 2, -side / 2, side, side);
  context.restore();
  const glare = context.createLinearGradient(0, 0, width, height);
  glare.addColorStop(0, "rgb(255 255 255 / 20%)");
  glare.addColorStop(1, "rgb(0 0 0 / 20%)");
  context.fillStyle = glare;
  context.fillRect(0, 0, width, height);
}

function drawRoom(): void {
  context.fillStyle = "#6b6f72";
  context.fillRect(0, 0, width, height);
}

Object.assign(globalThis, { actions: { hold } });
