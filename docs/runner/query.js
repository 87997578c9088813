// Under a block of SQL: run its statements on the lesson's table, with their plans, before and after more indexes.

import { read, write } from "./draft.js";
import { edits, textOf } from "./editor.js";
import { element, output, resultUnder } from "./element.js";
import { compose, lesson } from "./lesson.js";
import { count, pagesOf, tree } from "./plan.js";
import { ENDED, onStart } from "./start.js";
import { hasPlan, onlyReads, statementsOf } from "./statement.js";

const EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF)\n";
const ANEW = ["ROLLBACK", "DISCARD ALL", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"];
const SHOWN_ROWS = 10;

/** @type {Begin} */
export async function begin(place, clicked) {
  const of = await lesson();
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
  const result = resultUnder(place.bar);
  await onStart(
    place,
    async (engine, options) => {
      const asked = statementsOf(textOf(place.block));
      const setup = setupOf(compose(of, edits())[of.setup]);
      const indexes = statementsOf(area.value);
      /** @type {State[]} */
      const states = [];
      for (const more of indexes.length ? [[], indexes] : [[]]) {
        const steps = stepsOf(setup, more, asked);
        const { ended, results } = await engine.sql(steps.map((step) => step.sql), options);
        if (!head.isConnected) result.append(head, field, answer);
        head.textContent = `${engine.describe()} in your browser: one session, and a new table for each run. `;
        answer.replaceChildren();
        if (ended !== "finished") return head.append(element("strong", {}, ENDED[ended]));
        if (results.at(-1)?.error) return answer.append(...complaint(results.at(-1), steps[results.length - 1]));
        const name = indexes.length ? (more.length ? "With your indexes" : "Without your indexes") : "The plan";
        states.push({ name, shows: showsOf(steps, results) });
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

/** @param {Statement[]} setup @param {Statement[]} indexes @param {Statement[]} asked */
function stepsOf(setup, indexes, asked) {
  /** @type {Step[]} */
  const steps = ANEW.map((sql) => ({ sql }));
  steps.push(...[...setup, ...indexes].map((of) => ({ sql: of.text, of })), { sql: "VACUUM (ANALYZE)" });
  for (const of of asked) {
    const plan = [{ sql: "BEGIN" }, { sql: EXPLAIN + of.text, of, plan: true }, { sql: "ROLLBACK" }];
    // The first run sets things up that the second one finds; what writes would find its own dead rows.
    if (hasPlan(of)) steps.push(...plan, ...(onlyReads(of) ? plan : []));
    steps.push({ sql: of.text, of });
  }
  return steps;
}

/** What each statement gave; of two runs, the last. @param {Step[]} steps @param {Rows[]} results */
function showsOf(steps, results) {
  /** @type {State["shows"]} */
  const shows = new Map();
  for (const [place, { of, plan }] of steps.entries()) {
    const rows = results[place];
    if (of) shows.set(of, { ...shows.get(of), ...(plan ? { plan: JSON.parse(rows.rows[0][0] ?? "")[0].Plan } : { rows }) });
  }
  return shows;
}

/** @param {Statement} statement @param {State[]} states */
function shown(statement, states) {
  const words = statement.text.replace(/\s+/g, " ");
  const box = element("section", {}, element("p", {}, element("code", {}, words)));
  const sides = states.flatMap(({ name, shows }) => {
    const plan = shows.get(statement)?.plan;
    return plan ? element("div", {}, element("p", {}, `${name}: `, element("strong", {}, count(pagesOf(plan), "page"))), tree(plan)) : [];
  });
  if (sides.length) box.append(element("div", { className: "run-sides" }, ...sides));
  const rows = /** @type {Rows} */ (states[0].shows.get(statement)?.rows);
  const total = count(rows.rows.length, "row");
  const summary = rows.rows.length > SHOWN_ROWS ? `The first ${SHOWN_ROWS} of ${total}` : total;
  if (!rows.columns.length) box.append(element("p", {}, rows.tag));
  else box.append(element("details", { open: !sides.length }, element("summary", {}, summary), table(rows)));
  return box;
}

/** @param {Rows} of */
function table({ columns, rows }) {
  const head = columns.map(({ name }) => element("th", { scope: "col" }, name));
  const body = rows.slice(0, SHOWN_ROWS).map((row) =>
    element("tr", {}, ...row.map((value) => element("td", {}, value ?? element("em", {}, "null")))),
  );
  const made = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  return element("div", { className: "run-rows", tabIndex: 0, role: "group", "aria-label": "Rows" }, made);
}

/** PostgreSQL's words, and where in the reader's text they point to. @param {Rows} result @param {Step} step */
function complaint({ error = {}, statement }, { of, plan }) {
  const before = [...statement].slice(0, Number(error.position) - 1).join("").split("\n");
  const row = before.length - 1;
  const column = before[row].length;
  const where = of && error.position ? `, line ${of.line + row - (plan ? 1 : 0)}, character ${column + 1}` : "";
  const words = element("strong", { className: "run-failed" }, `ERROR ${error.code}${where}: ${error.message}`);
  const more = [error.detail, error.hint].filter(Boolean).join(" ");
  const source = where ? `${statement.split("\n")[row]}\n${" ".repeat(column)}^` : (of?.text ?? statement);
  return [element("p", {}, words, more && ` ${more}`), output("Where it is", source)];
}
