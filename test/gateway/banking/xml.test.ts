/** XML as a library writes it, and what it says is what was given. */
import { expect } from "chai";
import fc from "fast-check";
import { create } from "xmlbuilder2";
import { type Element, xmlOf } from "../../../gateway/banking/xml.ts";

const message = { id: "pacs.009.001.08", element: "FICdtTrf" };
const name = fc.constantFrom("GrpHdr", "MsgId", "Ntry", "BkTxCd");
/** What the library takes for an escape, it does not escape; and it leaves the ends of lines to be read as others. */
const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((any) => !/&(lt|gt|amp|apos|quot);|\r/.test(any) && any.trim() === any);
const { element } = fc.letrec<{ element: Element; content: string | Element | Element[] }>(
  (tie) => ({
    element: fc.dictionary(name, tie("content"), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    }),
    content: fc.oneof(
      { depthSize: "small" },
      text,
      fc.record({ "@Ccy": text, "#": text }, { noNullPrototype: true }),
      tie("element"),
      fc.array(tie("element"), { minLength: 1, maxLength: 3 }),
    ),
  }),
);

function readBack(xml: string, of: string): string {
  let found = "";
  create(xml).each(
    ({ node }) => {
      if (node.nodeName === of) found = (node as unknown as { textContent: string }).textContent;
    },
    true,
    true,
  );
  return found;
}

describe("XML", () => {
  it("is to the last byte what a library writes", () => {
    fc.assert(
      fc.property(element, (content) => {
        const library = create({ version: "1.0", encoding: "UTF-8" })
          .ele(`urn:iso:std:iso:20022:tech:xsd:${message.id}`, "Document")
          .ele({ [message.element]: content })
          .end({ prettyPrint: true, wellFormed: true });
        expect(xmlOf(message, content)).to.equal(library);
      }),
    );
  });

  it("leaves out what is not there, and gives back texts that look like XML as they were", () => {
    for (const given of ["Research &amp; Development", "a\rb", "]]> & <Nm>", "Bänk 銀行 🏦"]) {
      const xml = xmlOf(message, { GrpHdr: { Nm: given, LEI: undefined } });
      expect(readBack(xml, "Nm")).to.equal(given);
      expect(xml).to.not.include("LEI");
    }
    const xml = xmlOf(message, { Amt: { "@Ccy": `"&`, "#": "1.00" } });
    expect(xml).to.include(`<Amt Ccy="&quot;&amp;">1.00</Amt>`);
  });

  it("is not written of characters that it does not have", () => {
    for (const given of ["\u0000", "a\u001Bb", "\uFFFE", "half \uD83C"]) {
      expect(() => xmlOf(message, { Nm: given })).to.throw("a character that XML does not have");
    }
  });
});
