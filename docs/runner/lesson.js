// What the lesson of this page is made of: its files, and the blocks of the page that show parts of them.

import { get, once } from "./host.js";

const SITE = new URL("../", import.meta.url);

/** Such as "databases/indexes". */
const path = decodeURI(location.pathname.slice(SITE.pathname.length)).replace(/\/(index\.html)?$/, "");

/** @type {() => Promise<Lesson>} */
export const lesson = once(async () => {
  try {
    return await (await get(new URL(`runner/lessons/${path.replaceAll("/", "-")}.json`, SITE))).json();
  } catch (error) {
    throw error instanceof TypeError ? new Error("You are offline, and this lesson's files are not here yet.") : error;
  }
});

/** What the page found in its lesson. @template T @param {T | undefined} thing */
export function known(thing) {
  if (thing === undefined) throw new Error("this page and its lesson are of different days: reload");
  return thing;
}

/** The code of a fenced block, as written. @param {Element} block */
export const codeOf = (block) => (block.querySelector("code")?.textContent ?? "").replace(/\n$/, "");

/** The part of a file that a block of the page shows. @param {Lesson} of @param {string} title @param {string} text */
export const partOf = (of, title, text) =>
  of.parts.find((part) => part.text === text && `/${part.file}`.endsWith(`/${title}`));

/** The lesson's files with the reader's text in the places where they edited. @param {Lesson} of @param {Map<Part, string>} edits */
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

/** An exercise's files, side by side as its tests want them. @param {Exercise} exercise @param {Record<string, string>} files */
export const folderOf = (exercise, files) =>
  Object.fromEntries(exercise.files.map((name) => [name.slice(name.lastIndexOf("/") + 1), files[name]]));
