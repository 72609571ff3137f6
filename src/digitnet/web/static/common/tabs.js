// Tabs: one part of the page at a time, by pointer, arrow keys, or the address.

import { byId, targetOf } from "./elements.js";

/** @param {HTMLElement} list of tabs @param {(part: string) => void} opened */
export function startTabs(list, opened) {
  /** @type {HTMLElement[]} */
  const tabs = [...list.querySelectorAll('[role="tab"]')].filter((tab) => tab instanceof HTMLElement);
  const name = (/** @type {HTMLElement} */ tab) => tab.getAttribute("aria-controls") ?? "";

  /** @param {string} wanted */
  function open(wanted) {
    const chosen = tabs.find((tab) => name(tab) === wanted) ?? tabs[0];
    for (const tab of tabs) {
      const is = tab === chosen;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
      byId(name(tab), HTMLElement).hidden = !is;
    }
    opened(name(chosen));
    return chosen;
  }

  /** @param {HTMLElement} tab */
  function go(tab) {
    history.replaceState(null, "", `#${name(tab)}`);
    open(name(tab)).focus();
  }

  list.addEventListener("click", (event) => {
    const tab = tabs.find((one) => one === targetOf(event, '[role="tab"]'));
    if (tab) go(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    go(tabs[(to + tabs.length) % tabs.length]);
  });
  const fromAddress = () => {
    const wanted = location.hash.slice(1);
    if (!wanted || tabs.some((tab) => name(tab) === wanted)) open(wanted);
  };
  addEventListener("hashchange", fromAddress);
  open(location.hash.slice(1));
}
