/** The package's face for makers who put a device of their own at the other end of the conformance kit. Node only. */
export type { Bench, Settings } from "./adapter.ts";
export { cardBench, purseBench } from "./benches.ts";
export type {
  CutPower,
  Driven,
  DrivenAlarm,
  DrivenCodes,
  DrivenParcels,
  DrivenPin,
  DrivenReceived,
  DrivenSecondFactor,
} from "./driven.ts";
export { DrivenCard, type Upkeep } from "./driven-card.ts";
export { serveBench, serveDevice } from "./serve.ts";
