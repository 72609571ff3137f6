// Tabs: one part of the page at a time, by pointer, arrow keys, or the address.

export function startTabs(list, opened) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const name = (tab) => tab.getAttribute("aria-controls");

  function open(wanted) {
    const chosen = tabs.find((tab) => name(tab) === wanted) ?? tabs[0];
    for (const tab of tabs) {
      const is = tab === chosen;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
      document.getElementById(name(tab)).hidden = !is;
    }
    opened(name(chosen));
    return chosen;
  }

  function go(tab) {
    history.replaceState(null, "", `#${name(tab)}`);
    open(name(tab)).focus();
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) go(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
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
