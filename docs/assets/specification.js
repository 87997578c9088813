// Open Swagger UI when the reader asks: its frame gets a title, a height and the page's colours.

/** Show the button of each specification on the page. */
export function offer() {
  for (const place of document.querySelectorAll("[data-specification]")) {
    const button = place.querySelector("button");
    const template = place.querySelector("template");
    if (!button || !template) continue;
    button.hidden = false;
    button.addEventListener("click", () => open(button, template), { once: true });
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLTemplateElement} template
 */
function open(button, template) {
  const frame = template.content.querySelector("iframe");
  if (!frame) return;
  frame.title = "The API in Swagger UI";
  frame.removeAttribute("class"); // the plugin's own script looks for it, and fails before the frame has loaded
  frame.removeAttribute("style");
  frame.removeAttribute("onload"); // ours is below
  frame.addEventListener("load", () => follow(frame));
  // The frame asks for this name after each change of its size; the page's own function breaks before load.
  Object.assign(window, { update_swagger_ui_iframe_height: () => fit(frame), __init_is_dark_mode: isDark() });
  button.replaceWith(frame);
  frame.focus();
}

const isDark = () => document.body.dataset.mdColorScheme === "slate";

/** @param {HTMLIFrameElement} frame */
function fit(frame) {
  const body = frame.contentDocument?.body;
  if (body) frame.style.height = `${Math.max(body.scrollHeight + 40, 480)}px`;
}

/**
 * Keep the frame's height, colours and dialog in step with the page.
 * @param {HTMLIFrameElement} frame
 */
function follow(frame) {
  const inside = /** @type {any} */ (frame.contentWindow);
  const paint = () => (isDark() ? inside.enable_dark_mode() : inside.disable_dark_mode());
  const centre = () => inside.update_top_val(innerHeight / 2 - frame.getBoundingClientRect().top);
  new MutationObserver(paint).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  addEventListener("scroll", centre, { passive: true });
  paint();
  centre();
  fit(frame);
}
