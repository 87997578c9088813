// Compile Python for the page: turn folders of sources into zips of byte code, split by what a trial run imports.
//
//   node pack.mjs plan.json out/
//
// Pyodide itself compiles, so the byte code fits the Python in the page. The plan is described in pack_compile.py.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [planFile, outFolder] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf-8"));
const require = createRequire(pathToFileURL(path.join(plan.modules, "x.js")));
const { loadPyodide } = await import(pathToFileURL(require.resolve("pyodide/pyodide.mjs")).href);

const python = await loadPyodide({ packages: [] });
python.FS.mkdirTree("/in");
for (const [name, file] of Object.entries(plan.inputs)) python.FS.writeFile(`/in/${name}`, readFileSync(file));
python.FS.writeFile("/plan.json", JSON.stringify(plan));
python.FS.mkdirTree("/out");
try {
  python.runPython(readFileSync(plan.compiler, "utf-8"));
} catch (error) {
  console.error(error.message); // thrown on, it would follow a megabyte of Pyodide's own text
  process.exit(1);
}
for (const name of python.FS.readdir("/out").filter((each) => !each.startsWith("."))) {
  writeFileSync(path.join(outFolder, name), python.FS.readFile(`/out/${name}`));
}
