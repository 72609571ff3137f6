// Elements: parts of the page made by script.

const SVG = "http://www.w3.org/2000/svg";

// An element with its attributes and children; true sets an attribute without a value, and
// false, null and undefined leave it out.
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(words, pressed, attributes = {}) {
  const element = make("button", { type: "button", class: "button", ...attributes }, words);
  element.addEventListener("click", pressed);
  return element;
}

// One sentence in a frame that is there only while it has something to say. Errors are said aloud.
export function startNotice() {
  const element = make("p", { class: "notice", hidden: true });
  return {
    element,
    tell(sentence, kind = "") {
      element.className = `notice ${kind}`;
      if (kind === "error") element.setAttribute("role", "alert");
      else element.removeAttribute("role");
      element.textContent = sentence;
      element.hidden = !sentence;
    },
  };
}

// Called whenever a part of the page comes into sight.
export function whenShown(root, callback) {
  new MutationObserver(() => {
    if (!root.hidden) callback();
  }).observe(root, { attributes: true, attributeFilter: ["hidden"] });
}

// Bytes from base64, as pictures travel in JSON.
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export const pngUrl = (base64) => `data:image/png;base64,${base64}`;
