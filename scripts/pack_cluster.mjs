// Make an empty PostgreSQL cluster with PGlite and write it as a tar: `node pack_cluster.mjs node_modules cluster.tar`.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, target] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(modules, "x.js")));
const { PGlite } = await import(pathToFileURL(require.resolve("@electric-sql/pglite")).href);

const database = await PGlite.create({ dataDir: "memory://" });
// Each alone: PGlite sends the statements of one call as one transaction, and VACUUM refuses that.
for (const statement of ["VACUUM FULL", "VACUUM FREEZE", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"]) {
  await database.exec(statement);
}
const dump = await database.dumpDataDir("none");
writeFileSync(target, Buffer.from(await dump.arrayBuffer()));
await database.close();
