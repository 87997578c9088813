// The statements of a text of SQL, cut at each semicolon that stands in no string and no comment.

const TOKEN = /--[^\n]*|\/\*.*?\*\/|\be'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|./gis;

/** @param {string} text */
export function statementsOf(text) {
  /** @type {Statement[]} */
  const found = [];
  let from = -1;
  for (const { 0: token, index } of [...text.matchAll(TOKEN), { 0: ";", index: text.length }]) {
    if (token === ";" && from >= 0) {
      found.push({ text: text.slice(from, index).trimEnd(), line: text.slice(0, from).split("\n").length });
      from = -1;
    } else if (from < 0 && !/^(\s|;|--|\/\*)/.test(token)) from = index;
  }
  return found;
}

/** Does EXPLAIN take it? @param {Statement} statement */
export const hasPlan = ({ text }) => /^[(\s]*(select|with|values|table|insert|update|delete|merge)\b/i.test(text);

/** Does running it twice count the same? @param {Statement} statement */
export const onlyReads = ({ text }) => !/\b(insert|update|delete|merge|into)\b/i.test(text);
