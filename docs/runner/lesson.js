// What the lesson of this page is made of: its files, and the blocks of the page that show parts of them.

/** @typedef {import("./page.js").Need} Need */
/** @typedef {{ file: string, from: number, to: number, indent: string, text: string }} Part lines from..to of a file, 1-based */
/** @typedef {{ name: string, stub: string, tests: string[], files: string[], needs: Need[], lab?: import("./lab.js").Lab }} Exercise */
/** @typedef {{ head: string, argv: string[], needs: Need[], files: string[], body: string }} Command */
/** @typedef {{ path: string, files: Record<string, string>, parts: Part[], commands: Command[], exercises: Exercise[], setup: string }} Lesson `setup` is the file whose sections make the table */

const SITE = new URL("../", import.meta.url);

/** Such as "databases/indexes". */
export const path = decodeURI(location.pathname.slice(SITE.pathname.length)).replace(/\/(index\.html)?$/, "");

/** @type {Promise<Lesson> | undefined} */
let fetched;

/** @returns {Promise<Lesson>} */
export function lesson() {
  fetched ??= fetch(new URL(`runner/lessons/${path.replaceAll("/", "-")}.json`, SITE))
    .then((answer) => {
      if (!answer.ok) throw new Error(`the files of this lesson answered ${answer.status}. Reload the page.`);
      return answer.json();
    })
    .catch((error) => {
      fetched = undefined;
      throw error instanceof TypeError ? new Error("You are offline, and this lesson's files are not here yet.") : error;
    });
  return fetched;
}

/** The code of a fenced block, as written. @param {Element} block */
export const codeOf = (block) => (block.querySelector("code")?.textContent ?? "").replace(/\n$/, "");

/**
 * The part of a file that a block of the page shows.
 * @param {Lesson} of
 * @param {string} title
 * @param {string} text
 */
export function partOf(of, title, text) {
  return of.parts.find((part) => part.text === text && `/${part.file}`.endsWith(`/${title}`));
}

/**
 * The lesson's files with the reader's text in the places where they edited.
 * @param {Lesson} of
 * @param {Map<Part, string>} edits
 * @returns {Record<string, string>}
 */
export function compose(of, edits) {
  const files = { ...of.files };
  const bottomUp = [...edits].sort(([one], [other]) => other.from - one.from);
  for (const [part, text] of bottomUp) {
    const lines = files[part.file].split("\n");
    const mine = text.split("\n").map((line) => (line ? part.indent + line : line));
    lines.splice(part.from - 1, part.to - part.from + 1, ...mine);
    files[part.file] = lines.join("\n");
  }
  return files;
}
