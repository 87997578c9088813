// What the browser keeps of this site; what it refuses is held as long as the page is open.

// Other sites of the same owner may share this origin, so the names carry our path.
export const SCOPE = `nexus ${new URL("../", import.meta.url).pathname}`;
/** @type {Map<string, string>} */
const refused = new Map();

/** @param {string} name */
export function held(name) {
  try {
    return refused.get(name) ?? localStorage.getItem(`${SCOPE} ${name}`) ?? "";
  } catch {
    return "";
  }
}

/** Returns false where the browser would not; an empty value is forgotten. @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    if (value) localStorage.setItem(`${SCOPE} ${name}`, value);
    else localStorage.removeItem(`${SCOPE} ${name}`);
    return refused.delete(name) || true;
  } catch {
    refused.set(name, value);
    return false;
  }
}
