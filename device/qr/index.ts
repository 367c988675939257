/** The package's face for codes: a message as frames, frames as a message, a frame as a picture and back. */
export { FrameCollector, type FrameOutcome } from "./frame-collector.ts";
export { type FrameOptions, type FramePlan, framesOf, planFrames, STATIC_MAX } from "./frames.ts";
export { drawQr, type Modules, type Picture, readQr, svgOf, terminalTextOf } from "./qr-code.ts";
