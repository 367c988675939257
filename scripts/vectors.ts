/**
 * Writes the test vectors from `protocol`: what every implementation of a format must take, and how it must
 * refuse what it must not. The same run gives the same bytes; a test compares them with the committed files.
 *
 *     node scripts/vectors.ts [folder]     test/vectors by default
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../protocol/bytes.ts";
import { alarms, sealedAlarms } from "./vectors/alarms.ts";
import { batches } from "./vectors/batches.ts";
import { ceremonies } from "./vectors/ceremonies.ts";
import { envelopes } from "./vectors/envelopes.ts";
import { bundles } from "./vectors/bundles.ts";
import { claimCodes } from "./vectors/claim-codes.ts";
import { confirmations, payments, requests } from "./vectors/exchange.ts";
import { deviceRequests } from "./vectors/device-requests.ts";
import { acknowledgements, deviceReplies, statements } from "./vectors/gateway.ts";
import { networkId } from "./vectors/keys.ts";
import {
  certificates,
  emergencyProfiles,
  receipts,
  revocationLists,
  trustLists,
} from "./vectors/lists.ts";
import { merkle } from "./vectors/merkle.ts";
import { messages } from "./vectors/messages.ts";
import { deposits, enrolments, kinds } from "./vectors/enrolments.ts";
import { orders } from "./vectors/orders.ts";
import { answers, parcels } from "./vectors/parcels.ts";
import { records } from "./vectors/records.ts";
import { references } from "./vectors/references.ts";
import { secondFactorCodes, secondFactorGrants } from "./vectors/second-factors.ts";
import { showings } from "./vectors/showings.ts";
import { signatures } from "./vectors/signatures.ts";
import { typedData } from "./vectors/typed-data.ts";

const folder = process.argv[2] ?? join(import.meta.dirname, "../test/vectors");

const files: Record<string, object> = {
  records: {
    records: await records(),
    deposits: deposits(),
    enrolments: await enrolments(),
    kinds: kinds(),
  },
  merkle: merkle(),
  "typed-data": typedData(),
  messages: messages(),
  signatures: signatures(),
  batches: batches(),
  certificates: await certificates(),
  receipts: await receipts(),
  lists: {
    revocations: await revocationLists(),
    trust: await trustLists(),
    emergency: await emergencyProfiles(),
  },
  bundles: await bundles(),
  exchange: {
    requests: await requests(),
    payments: await payments(),
    confirmations: await confirmations(),
  },
  gateway: {
    requests: await deviceRequests(),
    replies: await deviceReplies(),
    acknowledgements: await acknowledgements(),
    statements: await statements(),
  },
  parcels: { parcels: await parcels(), answers: await answers() },
  alarms: { alarms: alarms(), sealed: await sealedAlarms() },
  envelopes: await envelopes(),
  ceremonies: await ceremonies(),
  references: references(),
  "claim-codes": await claimCodes(),
  orders: await orders(),
  "second-factors": { grants: await secondFactorGrants(), codes: secondFactorCodes() },
  showings: await showings(),
};

mkdirSync(folder, { recursive: true });
for (const [name, vectors] of Object.entries(files)) {
  const whole = { networkId: toHex(networkId), ...vectors };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(whole, null, 1)}\n`);
}
