// Keys of a page: single letters, never while somebody types.

/** @param {Record<string, (event: KeyboardEvent) => void>} actions by the key that calls them */
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable], dialog[open]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) {
      return;
    }
    event.preventDefault();
    actions[event.key](event);
  });
}

/** Moves the focus between the links of a list, and keeps it in sight. */
export function moveFocus(links, step) {
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

export function rowKeys(list) {
  const links = () => [...list.querySelectorAll("a[data-row]")];
  return { j: () => moveFocus(links(), 1), k: () => moveFocus(links(), -1) };
}
