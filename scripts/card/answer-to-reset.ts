/**
 * What a card says of itself when it gets power (ISO/IEC 7816-3, 8.2; historical bytes by 7816-4, 8.1.1):
 * protocol T=1, selection by full name, chained commands, extended length.
 */
const CAPABILITIES = [0x80, 0x73, 0x80, 0x01, 0xc0];
/** TD1: no protocol but T=1. */
const PROTOCOL = 0x01;

export function answerToReset(): Uint8Array {
  const checked = [0x80 + CAPABILITIES.length, PROTOCOL, ...CAPABILITIES];
  const check = checked.reduce((sum, byte) => sum ^ byte, 0);
  return Uint8Array.of(0x3b, ...checked, check);
}
