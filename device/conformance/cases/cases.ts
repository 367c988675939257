/** All cases, in the order in which they are run: a payment first, form last. */
import type { Case } from "../case.ts";
import { alarmCases } from "./alarm.ts";
import { ancestryCases } from "./ancestry.ts";
import { bankCases } from "./bank.ts";
import { changeCases } from "./change.ts";
import { codesCases } from "./codes.ts";
import { couriersCases } from "./couriers.ts";
import { emergencyCases } from "./emergency.ts";
import { formCases } from "./form.ts";
import { limitsCases } from "./limits.ts";
import { listsCases } from "./lists.ts";
import { payersCases } from "./payers.ts";
import { payingCases } from "./paying.ts";
import { pinCases } from "./pin.ts";
import { powerCases } from "./power.ts";
import { receivingCases } from "./receiving.ts";
import { refundsCases } from "./refunds.ts";
import { requestsCases } from "./requests.ts";
import { secondFactorCases } from "./second-factor.ts";
import { signatureCases } from "./signatures.ts";
import { type DeviceVectors, vectorCases } from "./vectors.ts";

export function allCases(vectors: DeviceVectors): readonly Case[] {
  return [
    ...payingCases,
    ...changeCases,
    ...limitsCases,
    ...requestsCases,
    ...receivingCases,
    ...payersCases,
    ...refundsCases,
    ...ancestryCases,
    ...listsCases,
    ...emergencyCases,
    ...bankCases,
    ...pinCases,
    ...codesCases,
    ...secondFactorCases,
    ...couriersCases,
    ...alarmCases,
    ...powerCases,
    ...signatureCases,
    ...formCases,
    ...vectorCases(vectors),
  ];
}
