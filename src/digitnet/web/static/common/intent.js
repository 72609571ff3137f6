// Intent: what one part of the page asks of another before it opens it.

let wanted = null;

// Open the Train part with a choice made already: {source, start}.
export function trainWith(choice) {
  wanted = choice;
  document.getElementById("tab-train").click();
}

// The choice, once.
export function takeIntent() {
  const taken = wanted;
  wanted = null;
  return taken;
}
