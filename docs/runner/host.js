// Ask our own host: in words where it refuses, and again after a failure.

/** @param {URL} url @param {AbortSignal} [signal] */
export async function get(url, signal) {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`the server answered ${answer.status} for ${url.pathname}. Reload the page.`);
  return answer;
}

/** @template T @param {() => Promise<T>} ask @returns {() => Promise<T>} */
export function once(ask) {
  /** @type {Promise<T> | undefined} */
  let asked;
  return () =>
    (asked ??= ask().catch((error) => {
      asked = undefined;
      throw error;
    }));
}
