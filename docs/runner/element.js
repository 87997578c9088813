// Make one element: text goes in as text, never as markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<Omit<HTMLElementTagNameMap[Tag], "style">> & { [attribute: `aria-${string}`]: string }} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children);
  return made;
}

/** @param {string} textContent @param {() => void} click */
export function button(textContent, click) {
  const made = element("button", { type: "button", textContent });
  made.addEventListener("click", click);
  return made;
}

/** Text that the keyboard can scroll. @param {string} label @param {string} [textContent] */
export const output = (label, textContent = "") => element("pre", { tabIndex: 0, textContent, "aria-label": label });

/** The box for what a run gave; nobody sees it while it is empty. @param {Element} bar */
export function resultUnder(bar) {
  const box = element("div", { className: "run-result" });
  bar.after(box);
  return box;
}
