// The list by keyboard: j and k between rows, n and o between pages.
import { onKeys, rowKeys } from "../lpr/keys.js";

const follow = (selector) => () => document.querySelector(selector)?.click();
const list = document.querySelector("[data-rows]");

onKeys({ ...(list ? rowKeys(list) : {}), n: follow("[data-newer]"), o: follow("[data-older]") });
