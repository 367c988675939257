/** What an operator writes down for a node: one YAML file. Paths in it start from the file's own folder. */
import { type Static, Type } from "typebox";
import { section } from "./service/config-file.ts";
import { tlsFiles } from "./service/tls-files.ts";

const path = (description: string) => Type.String({ minLength: 1, description });
const milliseconds = (normal: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: normal, description });

export const NodeConfigSchema = Type.Object(
  {
    network: path("The network file"),
    data: path("Folder of the node's databases; the node makes it"),
    member: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "The member's number; left out by an observer",
      }),
    ),
    keys: Type.Object(
      {
        peer: path("Key file of the node's place in the network (Ed25519)"),
        validator: Type.Optional(path("Key file of the validator (secp256k1)")),
        nextValidator: Type.Optional(
          path("Key file of the validator that takes its place once the registry names it"),
        ),
        operator: Type.Optional(
          path("Key file of the account that pays for transactions (secp256k1)"),
        ),
      },
      { additionalProperties: false },
    ),
    gossip: section({
      listen: Type.Array(Type.String(), {
        default: ["/ip4/0.0.0.0/tcp/4701"],
        description: "Multiaddrs to listen at",
      }),
    }),
    api: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7101 }),
      tls: Type.Optional(tlsFiles("Needed wherever others than this machine call")),
    }),
    console: Type.Optional(
      Type.Object(
        {
          host: Type.String({ default: "127.0.0.1" }),
          port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7111 }),
          token: path("File with the token that opens it: `tallystick console token` makes one"),
          tls: Type.Optional(tlsFiles("Needed wherever others than this machine look")),
        },
        {
          additionalProperties: false,
          description: "A web page for people, on a listener of its own; none if left out",
        },
      ),
    ),
    chain: section({
      url: Type.Optional(
        Type.String({
          description: "JSON-RPC of this member's chain node, before the network file's",
        }),
      ),
      pollMs: milliseconds(100, "How often the chain's head is looked at"),
    }),
    batches: section({
      gatherMs: milliseconds(10, "How long a leaf waits for others"),
      answerMs: milliseconds(5_000, "How long a member may take to endorse"),
    }),
    cycles: section({
      openMs: milliseconds(900_000, "How long a cycle stays open once something happened in it"),
      turnMs: milliseconds(5_000, "How long a member waits for the one whose turn comes before"),
    }),
    verification: section({
      workers: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 64, description: "Threads that check signatures" }),
      ),
    }),
    trace: section({
      index: Type.Optional(
        Type.Boolean({
          description: "Whether the index for traces is kept; an observer does unless it says no",
        }),
      ),
    }),
    log: section({
      level: Type.Union(
        ["trace", "debug", "info", "warn", "error"].map((level) => Type.Literal(level)),
        { default: "info" },
      ),
      file: Type.Optional(path("Log file; stderr otherwise")),
    }),
  },
  { additionalProperties: false },
);

export type NodeConfig = Static<typeof NodeConfigSchema>;
