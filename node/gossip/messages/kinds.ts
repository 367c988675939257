/** All that one node may ask another, by the name in its protocol. */
import type { Handlers, PeerRequests } from "../peer-requests.ts";
import { batch } from "./batch.ts";
import { checkpoint } from "./checkpoint.ts";
import { leaves } from "./leaves.ts";
import { propose } from "./propose.ts";
import { status } from "./status.ts";

export const nodeRequests = { propose, leaves, batch, checkpoint, status } as const;

export type NodeRequests = PeerRequests<typeof nodeRequests>;
export type NodeHandlers = Handlers<typeof nodeRequests>;
