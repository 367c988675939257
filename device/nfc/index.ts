/** The package's face for cards: a purse as a card, and a terminal's side of one, over whatever carries APDUs. */
export { CardApplication } from "./card-application.ts";
export type { CardIdentity, CardReceived } from "./card-answers.ts";
export { type CardChannel, CardClient, type CardClientOptions } from "./card-client.ts";
export { APPLICATION_ID } from "./card-commands.ts";
export { paidCard, payingCard } from "./card-transport.ts";
