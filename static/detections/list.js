// The list by keyboard: j and k between rows, n and o between pages. Rows that are reviewed
// elsewhere are redrawn; what is new waits for the next page.
import { onKeys, rowKeys } from "../lpr/keys.js";
import { connect } from "../lpr/socket.js";
import { writeTimes } from "../lpr/times.js";
import { markRow, redrawRow } from "./row.js";

const follow = (selector) => () => document.querySelector(selector)?.click();
const list = document.querySelector("[data-rows]");
// The page of one upload has the rows and not what it takes to follow them.
const following = document.querySelector("#page");
const page = following && JSON.parse(following.textContent);

function takeChanges({ items }) {
  items.forEach((row) => redrawRow(list, row, page));
  writeTimes(list);
}

const takers = { changes: takeChanges, marks: ({ items }) => items.forEach((marked) => markRow(list, marked)) };

onKeys({ ...(list ? rowKeys(list) : {}), n: follow("[data-newer]"), o: follow("[data-older]") });
if (list && page) {
  connect({
    path: page.socket,
    session: page.session,
    onOpen: () => {},
    onEvents: (events) => events.forEach((event) => takers[event.type]?.(event)),
    onState: () => {},
  });
}
