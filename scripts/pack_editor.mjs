// The code editor of the pages: what they take of CodeMirror. pack.py makes one module of this file.
/*! CodeMirror, Lezer, style-mod, w3c-keyname, find-cluster-break: copyright Marijn Haverbeke and others, MIT licence */

import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { StreamLanguage, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/legacy-modes/mode/python";
import { pgSQL } from "@codemirror/legacy-modes/mode/sql";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

// The class names of Pygments, so that the editor has the colours of the page around it.
const pygments = tagHighlighter([
  { tag: tags.keyword, class: "k" },
  { tag: tags.atom, class: "kc" },
  { tag: tags.string, class: "s2" },
  { tag: tags.number, class: "mi" },
  { tag: tags.comment, class: "c1" },
  { tag: tags.meta, class: "kd" },
  { tag: tags.self, class: "bp" },
  { tag: tags.standard(tags.variableName), class: "nb" },
  { tag: tags.definition(tags.variableName), class: "nf" },
]);

/** A language without words that the page leaves plain. @param {any} mode @param {RegExp} words */
const without = (mode, words) =>
  StreamLanguage.define({
    ...mode,
    token(stream, state) {
      const style = mode.token(stream, state);
      return style === "keyword" && words.test(stream.current()) ? null : style;
    },
  });
const PYTHON = without(python, /^(and|in|is|not|or|None|True|False)$/);
const SQL = without(pgSQL, /^(id|name|value)$/);

/**
 * An editor of `text`, whose first line has the number `first`. Tab is bound to nothing: it must lead out of the box.
 * @param {{ text: string, file: string, first: number, label: string, changed: (text: string) => void }} options
 */
export function open({ text, file, first, label, changed }) {
  const view = new EditorView({
    doc: text,
    extensions: [
      file.endsWith(".sql") ? SQL : PYTHON,
      EditorState.tabSize.of(4),
      indentUnit.of("    "),
      indentOnInput(),
      lineNumbers({ formatNumber: (line) => String(line + first - 1) }),
      history(),
      bracketMatching(),
      syntaxHighlighting(pygments),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      EditorView.editorAttributes.of({ class: "run-editor" }),
      // Tab reaches what can be edited in any case; axe wants to read it.
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ],
  });
  return {
    box: view.dom,
    focus: () => view.focus(),
    // A step of its own, so that one undo gives back what stood there.
    set: (insert) =>
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert }, annotations: isolateHistory.of("full") }),
  };
}
