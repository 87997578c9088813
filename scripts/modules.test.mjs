// Unit tests of the page's modules, without a browser: `node --test scripts/modules.test.mjs`.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

Object.assign(globalThis, { location: new URL("http://portal.test/portal/caching/stampede/") });

const { compose, partOf } = await import("../docs/runner/lesson.js");
const { link, read, shared, write } = await import("../docs/runner/draft.js");
const { load, megabytes, price } = await import("../docs/runner/packs.js");

const LESSON = {
  path: "caching/stampede",
  files: { "shop.py": "def sell(stock):\n    if stock:\n        stock -= 1\n    return stock\n\nprint(sell(1))\n" },
  parts: [
    { file: "shop.py", from: 2, to: 3, indent: "    ", text: "if stock:\n    stock -= 1" },
    { file: "shop.py", from: 6, to: 6, indent: "", text: "print(sell(1))" },
  ],
  commands: [],
  exercises: [],
};

test("edits land where the page shows the text, as deep as it was there", () => {
  const edits = new Map([
    [LESSON.parts[0], "stock -= 1\n\nstock -= 1\nstock += 1"],
    [LESSON.parts[1], "print(sell(9))"],
  ]);

  const files = compose(LESSON, edits);

  assert.equal(
    files["shop.py"],
    "def sell(stock):\n    stock -= 1\n\n    stock -= 1\n    stock += 1\n    return stock\n\nprint(sell(9))\n",
  );
  assert.match(LESSON.files["shop.py"], /if stock/, "the lesson's own text is left alone");
});

test("a block is found by its title and its text, not by one of them", () => {
  assert.equal(partOf(LESSON, "shop.py", "print(sell(1))"), LESSON.parts[1]);
  assert.equal(partOf(LESSON, "shop.py", "print(sell(2))"), undefined);
  assert.equal(partOf(LESSON, "p.py", "print(sell(1))"), undefined);
});

test("a shared link carries its text, whatever letters it has", async () => {
  const address = await link("shop.py def sell", "print('ÄÖ → 漢')\n".repeat(40));

  const sent = await shared(new URL(address).hash);

  assert.deepEqual(sent, { title: "shop.py def sell", text: "print('ÄÖ → 漢')\n".repeat(40) });
  assert.ok(address.length < 300, "a link fits into a chat");
});

for (const fragment of ["", "#lock", "#code=", "#code=abcd", "#code=<script>", "#code=q1ZKzi_ISVWyUjJU0lEqLE3M"]) {
  test(`the fragment ${fragment || "(none)"} is no shared text`, async () => {
    assert.equal(await shared(fragment), undefined);
  });
}

test("a draft is kept until it equals the lesson's text again", () => {
  const kept = new Map();
  const storage = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    removeItem: (/** @type {string} */ key) => kept.delete(key),
  };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });

  assert.ok(write("shop.py", { was: "a", now: "b" }));
  assert.deepEqual(read("shop.py"), { was: "a", now: "b" });
  assert.ok(write("shop.py", { was: "a", now: "a" }));
  assert.equal(kept.size, 0);
  storage.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  assert.equal(write("shop.py", { was: "a", now: "b" }), false);
});

/** Serve packs from memory the way a host would. */
function host(/** @type {Record<string, { listed: Buffer, sent?: Buffer, status?: number }>} */ packs) {
  const listing = Object.fromEntries(
    Object.entries(packs).map(([name, { listed }]) => [
      name,
      {
        url: `packs/${name}.pack`,
        sha256: createHash("sha256").update(gzipSync(listed)).digest("hex"),
        wire: gzipSync(listed).length,
        bytes: listed.length,
      },
    ]),
  );
  Object.assign(globalThis, {
    fetch: async (/** @type {URL} */ url) => {
      const name = String(url).split("/").pop()?.replace(".pack", "") ?? "";
      if (name === "packs.json") return Response.json({ packs: listing });
      const { listed, sent, status } = packs[name];
      return new Response(new Uint8Array(sent ?? gzipSync(listed)), { status: status ?? 200 });
    },
  });
}

host({
  whole: { listed: Buffer.from("print('hello')".repeat(99)) },
  decoded: { listed: Buffer.from("already inflated by the server"), sent: Buffer.from("already inflated by the server") },
  damaged: { listed: Buffer.from("one"), sent: gzipSync(Buffer.from("two")) },
  gone: { listed: Buffer.from("three"), status: 404 },
});

test("a pack arrives inflated, and its progress ends at its size", async () => {
  /** @type {number[]} */
  const seen = [];

  const { whole } = await load(["whole"], { onProgress: (loaded) => seen.push(loaded) });

  assert.equal(Buffer.from(whole).toString(), "print('hello')".repeat(99));
  assert.equal(seen.at(-1), gzipSync(Buffer.from("print('hello')".repeat(99))).length);
  assert.equal(await price(["whole"]), seen.at(-1));
});

test("a server that undoes the compression on the way is understood", async () => {
  assert.equal(Buffer.from((await load(["decoded"])).decoded).toString(), "already inflated by the server");
});

test("a damaged pack and a missing one are refused in words", async () => {
  await assert.rejects(load(["damaged"]), /damaged\.pack arrived damaged\. Reload the page and try again\./);
  await assert.rejects(load(["gone"]), /the server answered 404 for .*gone\.pack/);
});

test("sizes are said in megabytes", () => {
  assert.equal(megabytes(5_405_236), "5.4 MB");
});
