// Audit a server at the address given: prints each rule of GraphQL over HTTP that it breaks, and how many it keeps.

import { pathToFileURL } from "node:url";

const [modules, url] = process.argv.slice(2);
const { auditServer } = await import(pathToFileURL(`${modules}/graphql-http/lib/index.mjs`).href);
const results = await auditServer({ url });
for (const { status, name, reason } of results) if (status !== "ok") console.log(`${status}: ${name}: ${reason}`);
console.log(`${results.filter(({ status }) => status === "ok").length} of ${results.length}`);
