// Under a block of SQL: run its statements on the lesson's table, with their plans, before and after more indexes.

import { read, write } from "./draft.js";
import { edits } from "./editor.js";
import { element } from "./element.js";
import { codeOf, compose, lesson } from "./lesson.js";
import { count, pagesOf, tree } from "./plan.js";
import { ENDED, onStart } from "./start.js";
import { hasPlan, onlyReads, statementsOf } from "./statement.js";

/** @typedef {import("./statement.js").Statement} Statement */
/** @typedef {{ sql: string, of?: Statement, plan?: boolean }} Step `of` is the reader's statement that it runs or explains */
/** @typedef {{ name: string, shows: Map<Statement, { plan?: any, rows?: any }> }} State what the statements gave in one state of the table */

const EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF)\n";
const ANEW = ["ROLLBACK", "DISCARD ALL", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"];
const SHOWN_ROWS = 10;

/**
 * @param {import("./page.js").Place} place
 * @param {boolean} clicked
 */
export async function begin(place, clicked) {
  const of = await lesson();
  const printed = codeOf(place.block);
  const draft = `indexes ${place.what}`;
  const area = element("textarea", {
    className: "run-editor",
    rows: 2,
    spellcheck: false,
    autocapitalize: "off",
    placeholder: "CREATE INDEX ON …;",
    value: read(draft)?.now ?? "",
  });
  area.addEventListener("input", () => write(draft, { was: "", now: area.value }));
  const head = element("p");
  const answer = element("div");
  const field = element("label", {}, "Indexes first: they are created before the second run, so that you see both", area);
  const result = element("div", { className: "run-result", hidden: true }, head, field, answer);
  place.bar.after(result);
  await onStart(
    place,
    async (engine, options) => {
      const kept = [...edits()].find(([part]) => part.text === printed)?.[1];
      const asked = statementsOf(place.block.querySelector("textarea")?.value ?? kept ?? printed);
      const setup = setupOf(compose(of, edits())[of.setup]);
      const indexes = statementsOf(area.value);
      const names = indexes.length ? ["Without your indexes", "With your indexes"] : ["The plan"];
      /** @type {State[]} */
      const states = [];
      for (const [number, name] of names.entries()) {
        const steps = stepsOf(setup, number ? indexes : [], asked);
        const outcome = await engine.sql(steps.map((step) => step.sql), options);
        result.hidden = false;
        head.textContent = `${engine.describe()} in your browser: one session, and a new table for each run. `;
        answer.replaceChildren();
        if (outcome.ended !== "finished") return head.append(element("strong", { textContent: ENDED[outcome.ended] }));
        const last = outcome.results.at(-1);
        if (last?.error) return answer.append(...complaint(last, steps[outcome.results.length - 1]));
        /** @type {State["shows"]} */
        const shows = new Map(asked.map((each) => [each, {}]));
        for (const [place, { of, plan }] of steps.entries()) {
          const show = of && shows.get(of);
          if (show && plan) show.plan = JSON.parse(outcome.results[place].rows[0][0])[0].Plan;
          else if (show) show.rows = outcome.results[place];
        }
        states.push({ name, shows });
      }
      answer.append(...asked.map((each) => shown(each, states)));
    },
    clicked,
  );
}

/** The sections of the lesson's file that make its table. @param {string} text */
const setupOf = (text) =>
  ["session", "table", "rows"].flatMap((name) =>
    statementsOf(text.split(`-- --8<-- [start:${name}]`)[1]?.split(`-- --8<-- [end:${name}]`)[0] ?? ""),
  );

/**
 * @param {Statement[]} setup
 * @param {Statement[]} indexes
 * @param {Statement[]} asked
 * @returns {Step[]}
 */
function stepsOf(setup, indexes, asked) {
  const steps = /** @type {Step[]} */ ([...ANEW.map((sql) => ({ sql })), ...setup.map((of) => ({ sql: of.text, of }))]);
  steps.push(...indexes.map((of) => ({ sql: of.text, of })), { sql: "VACUUM (ANALYZE)" });
  for (const of of asked) {
    const plan = [{ sql: "BEGIN" }, { sql: EXPLAIN + of.text, of, plan: true }, { sql: "ROLLBACK" }];
    // The first run sets things up that the second one finds; what writes would find its own dead rows.
    if (hasPlan(of)) steps.push(...plan, ...(onlyReads(of) ? plan : []));
    steps.push({ sql: of.text, of });
  }
  return steps;
}

/**
 * @param {Statement} statement
 * @param {State[]} states
 */
function shown(statement, states) {
  const each = states.map(({ name, shows }) => ({ name, ...shows.get(statement) }));
  const { plan, rows } = each[0];
  const words = statement.text.replace(/\s+/g, " ");
  const box = element("section", {}, element("p", {}, element("code", { textContent: words })));
  if (plan) {
    const pages = each.map((state) => count(pagesOf(state.plan), "page"));
    const sides = each.map(({ name, plan }, number) => {
      const label = element("p", {}, `${name}: `, element("strong", { textContent: pages[number] }));
      return element("div", {}, label, tree(plan));
    });
    box.append(element("div", { className: "run-sides" }, ...sides));
  }
  if (!rows.columns.length) box.append(element("p", { textContent: rows.tag }));
  else {
    const total = rows.rows.length;
    const summary = total > SHOWN_ROWS ? `The first ${SHOWN_ROWS} of ${count(total, "row")}` : count(total, "row");
    box.append(element("details", { open: !plan }, element("summary", { textContent: summary }), table(rows)));
  }
  return box;
}

/** @param {{ columns: { name: string }[], rows: (string | null)[][] }} of */
function table({ columns, rows }) {
  const head = columns.map(({ name }) => element("th", { scope: "col", textContent: name }));
  const body = rows.slice(0, SHOWN_ROWS).map((row) =>
    element("tr", {}, ...row.map((value) => element("td", {}, value ?? element("em", { textContent: "null" })))),
  );
  const made = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  return element("div", { className: "run-rows", tabIndex: 0, role: "group", "aria-label": "Rows" }, made);
}

/**
 * PostgreSQL's words, and where in the reader's text they point to.
 * @param {{ error: Record<string, string>, statement: string }} result
 * @param {Step} step
 */
function complaint({ error, statement }, { of, plan }) {
  const before = [...statement].slice(0, Number(error.position) - 1).join("").split("\n");
  const row = before.length - 1;
  const column = before[row].length;
  const where = of && error.position ? `, line ${of.line + row - (plan ? 1 : 0)}, character ${column + 1}` : "";
  const words = element("strong", { className: "run-failed", textContent: `ERROR ${error.code}${where}: ${error.message}` });
  const more = [error.detail, error.hint].filter(Boolean).join(" ");
  const source = where ? `${statement.split("\n")[row]}\n${" ".repeat(column)}^` : (of?.text ?? statement);
  const shown = element("pre", { tabIndex: 0, textContent: source, "aria-label": "Where it is" });
  return [element("p", {}, words, more && ` ${more}`), shown];
}
