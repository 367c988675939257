/** A PostgreSQL server for the tests of a file, where PostgreSQL is installed. */
import { PostgresServer, postgresPrograms } from "../../scripts/devnet/postgres.ts";

/** The server that a file's tests share; call it in a `describe`. They are skipped where there is no PostgreSQL. */
export function sharedPostgres(): () => PostgresServer {
  let server: PostgresServer | undefined;
  before("start PostgreSQL", async function () {
    if ((await postgresPrograms()) === undefined) {
      this.test!.parent!.title += " (needs Debian's package postgresql)";
      return this.skip();
    }
    server = await PostgresServer.open();
  });
  after("stop PostgreSQL", async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => server!;
}
