// The statements of a text of SQL, cut at each semicolon that stands in no string and no comment.

/** @typedef {{ text: string, line: number }} Statement a statement without its semicolon, and the line it begins in */

const TOKEN = /--[^\n]*|\/\*.*?\*\/|\be'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|./gis;

/**
 * @param {string} text
 * @returns {Statement[]}
 */
export function statementsOf(text) {
  /** @type {Statement[]} */
  const found = [];
  let from = -1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === ";" && from >= 0) {
      add(from, index);
      from = -1;
    } else if (from < 0 && !/^(\s|;|--|\/\*)/.test(token)) from = index;
  }
  if (from >= 0) add(from, text.length);
  return found;

  /** @param {number} start @param {number} end */
  function add(start, end) {
    found.push({ text: text.slice(start, end).trimEnd(), line: text.slice(0, start).split("\n").length });
  }
}

/** Does EXPLAIN take it? @param {Statement} statement */
export const hasPlan = ({ text }) => /^[(\s]*(select|with|values|table|insert|update|delete|merge)\b/i.test(text);

/** Does running it twice count the same? @param {Statement} statement */
export const onlyReads = ({ text }) => !/\b(insert|update|delete|merge|into)\b/i.test(text);
