// Elements: parts of the page, found in index.html or made by script.

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element of index.html that has an id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}

/**
 * An element with its attributes and children; true sets an attribute without a value, and
 * false, null and undefined leave it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} attributes
 * @param {(Node | string | null | undefined)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} attributes
 * @param {(Node | string | null | undefined)[]} children
 */
export function makeSvg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {(Node | string | null | undefined)[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/** @param {string} words @param {() => void} pressed @param {Attributes} attributes */
export function button(words, pressed, attributes = {}) {
  const element = make("button", { type: "button", class: "button", ...attributes }, words);
  element.addEventListener("click", pressed);
  return element;
}

/**
 * A name, a bar that is filled in, and a value in words, side by side.
 * @param {"bar" | "adds"} kind
 * @param {string} name
 */
export function makeBar(kind, name) {
  const fill = make("span", { class: `${kind}-fill` });
  const value = make("span", { class: "bar-value" });
  const track = make("span", { class: `${kind}-track` }, fill);
  return { element: make("li", {}, make("span", { class: "bar-name" }, name), track, value), fill, value };
}

/** One sentence in a frame that is there only while it has something to say. Errors are said aloud. */
export class Notice {
  element = make("p", { class: "notice", hidden: true });

  /** @param {string} sentence @param {"" | "good" | "warn" | "error"} kind */
  tell(sentence, kind = "") {
    this.element.className = `notice ${kind}`;
    if (kind === "error") this.element.setAttribute("role", "alert");
    else this.element.removeAttribute("role");
    this.element.textContent = sentence;
    this.element.hidden = !sentence;
  }
}

/** Called whenever a part of the page comes into sight. @param {HTMLElement} root @param {() => void} callback */
export function whenShown(root, callback) {
  new MutationObserver(() => {
    if (!root.hidden) callback();
  }).observe(root, { attributes: true, attributeFilter: ["hidden"] });
}

/** The element around or at an event's target that fits a selector. @param {Event} event @param {string} selector */
export function targetOf(event, selector) {
  const found = event.target instanceof Element ? event.target.closest(selector) : null;
  return found instanceof HTMLElement || found instanceof SVGElement ? found : null;
}
