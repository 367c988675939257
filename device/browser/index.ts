/** The package's face in browsers: where a purse keeps its rows and its key, and what the camera sees. */
export { watchCodes } from "./camera.ts";
export { IndexedDbPurseStore } from "./indexed-db-store.ts";
export { WebCryptoSigner } from "./web-crypto-signer.ts";
