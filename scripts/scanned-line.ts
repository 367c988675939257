/** A code as programs print it that scan, and as scanners type it: a line, by some with the kind of code before it. */
const FRAME = /^(?:QR-Code:)?(TALLY:.*)$/;

/** The frame of a message in a line, if there is one. */
export function frameIn(line: string): string | undefined {
  return FRAME.exec(line)?.[1];
}
