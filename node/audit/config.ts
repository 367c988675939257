/** What a holder writes down for its service: one YAML file. Paths in it start from the file's own folder. */
import { type Static, Type } from "typebox";
import { section } from "../service/config-file.ts";
import { tlsFiles } from "../service/tls-files.ts";

const path = (description: string) => Type.String({ minLength: 1, description });

export const AuditConfigSchema = Type.Object(
  {
    network: path("The network file"),
    shares: Type.Array(
      Type.Object(
        {
          share: path("Key file of the share"),
          transcript: path("Transcript of the ceremony that it is of"),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 1024, description: "Of every epoch that may still be opened" },
    ),
    answers: path("Folder in which each answer is written down; the service makes it"),
    api: section({
      host: Type.String({ default: "127.0.0.1" }),
      port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7301 }),
      tls: Type.Optional(tlsFiles("Needed wherever others than this machine call")),
    }),
    chain: section({
      url: Type.Optional(
        Type.String({
          description: "JSON-RPC of the holder's own chain node, in place of the network file's",
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

export type AuditConfig = Static<typeof AuditConfigSchema>;
