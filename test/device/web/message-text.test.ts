/** Messages by hand: as text and as files, the same here and for the command. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { messageIn, messageOf, textOf } from "../../../device/web/message-text.ts";
import { limits } from "../../../protocol/limits.ts";
import { textOf as textOfCommand } from "../../../scripts/wallet/message-file.ts";
import { refused } from "../support/refused.ts";

describe("a message by hand", () => {
  const message = Uint8Array.of(1, ...randomBytes(900));

  it("is the text that the command writes, and comes back from it, broken into lines or not", () => {
    const text = textOf(message);
    expect(text).to.equal(textOfCommand(message));
    expect(messageOf(text)).to.deep.equal(message);
    expect(messageOf(`  ${text.replaceAll(/.{64}/g, "$&\r\n")}\n`)).to.deep.equal(message);
  });

  it("comes back from a file of bytes, and from a file of text", async () => {
    expect(await messageIn(new Blob([message]))).to.deep.equal(message);
    expect(await messageIn(new Blob([textOf(message)]))).to.deep.equal(message);
  });

  it("is refused with a reason where it is no message, or longer than any", async () => {
    const take = async (text: string) => messageOf(text);
    await refused("malformed", take("hello, world!"));
    await refused("malformed", take("   "));
    const long = "A".repeat(2 * limits.messageBytesMax + 1);
    await refused("too-large", take(long));
    await refused("too-large", messageIn(new Blob([long])));
  });
});
