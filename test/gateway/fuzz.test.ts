/**
 * Requests made of the gateway's own description, right and wrong, at every route: none is met by an error of ours,
 * none hangs, and what is answered is as described. A few seconds; `TALLYSTICK_FUZZ_RUNS` says how many for each route.
 */
import { expect } from "chai";
import fc from "fast-check";
import type { Fetch } from "../../node/service/mutual-fetch.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import {
  describedFetch,
  documentOf,
  type OpenApi,
  type Operation,
  type Parameter,
} from "../support/described-fetch.ts";
import { nearly } from "../support/schema-arbitrary.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { merchantsTls, shopCertificate, showing } from "./support/online-world.ts";

const RUNS = Number(process.env["TALLYSTICK_FUZZ_RUNS"] ?? 12);
/** A route that takes longer hangs. */
const ANSWER_MS = 20_000;
const JSON_TYPE = "application/json";
const OCTETS = "application/octet-stream";
const EVENTS = "text/event-stream";

type Request = {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
};
type Route = { readonly name: string; readonly path: string; readonly operation: Operation };

describe("a gateway that is asked anything", function () {
  this.timeout(120_000 + 10_000 * RUNS);
  const folder = temporaryFolders();
  let bank: Bank;
  let listeners: { readonly url: string; readonly by: Fetch; readonly document: OpenApi }[];
  /** A device's request that is good, to be spoilt. */
  let good: Uint8Array;

  before(async () => {
    const settings = { "rates.devicePerS": 1_000_000 };
    bank = await Bank.open(await folder(), { settings, merchantsTls });
    bank.node.ledger.deposit(MEMBER, 1_000_000n);
    await bank.start();
    const device = await TestDevice.enrolled(bank, "anna", 100_000n);
    good = (await device.request({ kind: "load", id: new Uint8Array(16), amount: 5n, parts: [] }))
      .bytes;
    await bank.staff("/v1/merchants", { merchant: "shop", account: "anna", label: "Shop" });
    const { certificate } = shopCertificate;
    await bank.staff("/v1/merchants/shop/certificates", { certificate });
    const { staffUrl, managementUrl, merchantsUrl } = bank.gateway;
    const asShop = showing(shopCertificate);
    const doors = [
      ...[bank.url, staffUrl, managementUrl].map((url) => ({ url, by: fetch as Fetch })),
      { url: merchantsUrl!, by: asShop },
    ];
    listeners = await Promise.all(
      doors.map(async (door) => ({ ...door, document: await documentOf(door.url, true, door.by) })),
    );
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  it(`answers ${RUNS} requests at each route, none with an error of its own, none too late`, async () => {
    let asked = 0;
    for (const { url, by, document } of listeners) {
      for (const route of routesOf(document)) {
        await fc.assert(
          fc.asyncProperty(requestsOf(route.operation), async (request) => {
            asked++;
            const { status } = await send(url, by, route, request);
            expect(status, `${route.name} ${JSON.stringify(request)}`).to.not.equal(500);
          }),
          { numRuns: RUNS },
        );
      }
    }
    expect(asked).to.be.at.least(25 * RUNS);
    await bank.operate("/v1/drain", { isDraining: false });
    const ready = await fetch(`${bank.gateway.managementUrl}/readyz`);
    expect(ready.status).to.equal(200);
  });

  it("takes every example that it documents for a good request", async () => {
    let executed = 0;
    for (const { url, by, document } of listeners) {
      for (const route of routesOf(document)) {
        const request = exampleOf(route.operation);
        if (request === undefined) continue;
        executed++;
        const answer = await send(url, by, route, request);
        const text = await answer.text();
        expect(answer.status, `${route.name}: ${text}`).to.not.equal(500);
        expect(text, route.name).to.not.match(/"code":"(malformed|too-large|unsupported-version)"/);
      }
    }
    expect(executed).to.be.at.least(15);
  });

  function routesOf({ paths }: OpenApi): Route[] {
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation,
      })),
    );
  }

  function requestsOf({ parameters = [], requestBody }: Operation): fc.Arbitrary<Request> {
    const part = (place: string) =>
      fc.record(
        Object.fromEntries(
          parameters
            .filter((parameter) => parameter.in === place)
            .map(({ name, schema }) => [name, nearly(schema)]),
        ),
        place === "path" ? {} : { requiredKeys: [] },
      );
    const given = { params: part("path"), query: part("query") };
    const content = requestBody?.content;
    if (content === undefined) return fc.record(given);
    const schema = content[JSON_TYPE]?.schema;
    return fc.record({ ...given, body: schema === undefined ? spoilt() : nearly(schema) });
  }

  /** Bytes at random, and a good request with some of them changed. */
  function spoilt(): fc.Arbitrary<Uint8Array> {
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    const changed = fc.array(change, { maxLength: 4 }).map((changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    return fc.oneof(fc.uint8Array({ maxLength: 600 }), changed);
  }

  async function send(url: string, by: Fetch, route: Route, request: Request): Promise<Response> {
    const [method] = route.name.split(" ");
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(textOf(request.params[name]) || "-"),
    );
    const query = new URLSearchParams(
      Object.entries(request.query).map(([name, value]): [string, string] => [name, textOf(value)]),
    );
    const isBytes = request.body instanceof Uint8Array;
    const init: RequestInit = {
      method: method!,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(request.body !== undefined && {
        headers: { "content-type": isBytes ? OCTETS : JSON_TYPE },
        body: isBytes ? Uint8Array.from(request.body as Uint8Array) : JSON.stringify(request.body),
      }),
    };
    const answer = await describedFetch(`${url}${path}?${query.toString()}`, init, by);
    // A stream goes on for as long as somebody listens.
    if (answer.headers.get("content-type")?.startsWith(EVENTS)) await answer.body!.cancel();
    return answer;
  }
});

/** The example of a request, where there is a whole one. */
function exampleOf({ parameters = [], requestBody }: Operation): Request | undefined {
  const shown: readonly (Parameter & { readonly example?: unknown })[] = parameters;
  const part = (place: string) => {
    const own = shown.filter(({ in: where, example }) => where === place && example !== undefined);
    return Object.fromEntries(own.map(({ name, example }) => [name, example]));
  };
  if (shown.some(({ required, example }) => required && example === undefined)) return undefined;
  const given = { params: part("path"), query: part("query") };
  if (requestBody === undefined) return given;
  const { example } = (requestBody.content[JSON_TYPE] ?? {}) as { readonly example?: unknown };
  return example === undefined ? undefined : { ...given, body: example };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.toWellFormed() : (JSON.stringify(value) ?? "");
}
