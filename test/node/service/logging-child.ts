/** Logs a thousand lines and is gone, metrics of the process and all. */
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";

new Metrics({ process: true });
const logger = makeLogger({ name: "child" });
for (let i = 0; i < 1000; i++) logger.info(`line ${i}`);
process.exit(3);
