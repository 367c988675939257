/** The types of a gateway's API that are committed are those of the documents that a gateway serves. */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { apiFiles, type Described, formatApi } from "../../scripts/api-types.ts";
import { Bank } from "../gateway/support/bank.ts";
import { merchantsTls, shopCertificate, showing } from "../gateway/support/online-world.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { documentOf } from "../support/described-fetch.ts";

describe("the types of a gateway's API", () => {
  const folder = temporaryFolders();

  it("are what its listeners describe", async () => {
    await using bank = await Bank.open(await folder(), { merchantsTls });
    await bank.start();
    const { staffUrl, merchantsUrl } = bank.gateway;
    const documents = {
      devices: documentOf(bank.url),
      staff: documentOf(staffUrl),
      merchants: documentOf(merchantsUrl!, true, showing(shopCertificate)),
    };
    for (const who of ["devices", "staff", "merchants"] as const) {
      const { file, name } = apiFiles[who];
      const text = formatApi(name, (await documents[who]) as unknown as Described);
      expect(readFileSync(file, "utf8"), "run `npm run api-types`").to.equal(text);
    }
  });

  it("are written for each form that a schema has", () => {
    const json = (schema: object) => ({ content: { "application/json": { schema } } });
    const reply = {
      type: "object",
      required: ["id", "kind"],
      properties: {
        id: { type: "string", pattern: "^0x[0-9a-f]{64}$" },
        kind: { enum: ["a", "b"] },
        sizes: { type: "array", items: { anyOf: [{ type: "integer" }, { type: "null" }] } },
        by: { type: "object", patternProperties: { ".*": { type: "boolean" } } },
      },
    };
    const text = formatApi("Api", {
      paths: {
        "/v1/things/{name}": {
          post: {
            summary: "Makes a thing",
            parameters: [
              { name: "name", in: "path", required: true, schema: { type: "string" } },
              { name: "limit", in: "query", schema: { type: "integer" } },
            ],
            requestBody: { content: { "application/octet-stream": {} } },
            responses: { 201: json(reply), default: json({}) },
          },
        },
        "/v1/events": { get: { responses: { 200: { content: { "text/event-stream": {} } } } } },
        "/v1/nothing": { delete: { responses: { 204: {} } } },
      },
    });
    expect(text.slice(text.indexOf("export"))).to.equal(`export type Api = {
  /** Makes a thing */
  "POST /v1/things/{name}": {
    params: { readonly name: string };
    query?: { readonly limit?: number };
    body: Uint8Array;
    reply: {
      readonly id: \`0x\${string}\`;
      readonly kind: "a" | "b";
      readonly sizes?: readonly (number | null)[];
      readonly by?: { readonly [name: string]: boolean };
    };
  };
  "DELETE /v1/nothing": {
    reply: undefined;
  };
};
`);
  });
});
