/** The package's face on Node: where a purse keeps its rows and its key, and a transport, in files. */
export { UdpLink, type UdpLinkOptions } from "./alarm/udp-link.ts";
export { FilePurseStore } from "./file-store.ts";
export { FileTransport, type FileTransportOptions } from "./file-transport.ts";
export { DamagedJournalError } from "./journal.ts";
export { openDeviceKey } from "./node-keys.ts";
export { NodeSigner, NodeVerifier } from "../protocol/p256-node.ts";
