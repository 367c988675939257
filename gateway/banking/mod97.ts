/** The check of ISO 7064, MOD 97-10, over digits and letters: A counts as 10, Z as 35. */

/** @param text upper-case letters and digits. @returns the remainder: 1 where the check digits are right. */
export function mod97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}
