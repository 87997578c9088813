// A plan of PostgreSQL as a nested list: what each node is, and how many rows and pages it took.

import { element } from "./element.js";

const CONDITIONS = ["Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "Sort Key"];
const REMOVED = ["Filter", "Index Recheck", "Join Filter"];

/** 8 KiB each, of the node and all below it. @param {PlanNode} node @returns {number} */
export const pagesOf = (node) => node["Shared Hit Blocks"] + node["Shared Read Blocks"];

/** @param {number} number @param {string} noun */
export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Without what the nodes below read. @param {PlanNode} node */
const ownPages = (node) => (node.Plans ?? []).reduce((pages, each) => pages - pagesOf(each), pagesOf(node));

/** @param {PlanNode} node @returns {PlanNode[]} */
const all = (node) => [node, ...(node.Plans ?? []).flatMap(all)];

/** @param {PlanNode} plan the top node */
export function tree(plan) {
  const nodes = all(plan);
  const widest = nodes.reduce((most, node) => (ownPages(node) > ownPages(most) ? node : most));
  return element("ul", { className: "run-plan" }, item(plan, nodes.length > 1 && ownPages(widest) > 0 ? widest : undefined));
}

/** @param {PlanNode} node @param {PlanNode} [widest] @returns {HTMLLIElement} */
function item(node, widest) {
  const { "Node Type": type, "Index Name": index, "Relation Name": table, "Actual Loops": loops, Plans: below } = node;
  const made = element("li", {}, element("strong", {}, node.Operation ?? type));
  if (index) made.append(" using ", element("code", {}, index));
  if (table) made.append(" on ", element("code", {}, table));
  const removed = REMOVED.reduce((sum, why) => sum + (node[`Rows Removed by ${why}`] ?? 0) * loops, 0);
  const facts = [count(Math.round(node["Actual Rows"] * loops), "row"), count(pagesOf(node), "page")];
  if (removed) facts.push(`${count(Math.round(removed), "row")} removed`);
  if (node["Index Searches"] > 1) facts.push(`${node["Index Searches"]} searches`);
  made.append(": ", loops ? facts.join(", ") : "never executed");
  if (node === widest) made.append(" ", element("mark", {}, "reads the most"));
  for (const name of CONDITIONS.filter((each) => node[each])) {
    made.append(element("div", { className: "run-note" }, `${name}: ${[node[name]].flat().join(", ")}`));
  }
  if (below) made.append(element("ul", {}, ...below.map((each) => item(each, widest))));
  return made;
}
