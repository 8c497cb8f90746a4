// A WebSocket that comes back by itself, and knows why it is away.

const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 30;
// The server speaks every three seconds; a connection that is silent for longer is dead.
const SILENT_AFTER_MS = 12_000;
const FORBIDDEN = 4403;

/**
 * @param {object} options
 * @param {string} options.path of the socket
 * @param {string} options.session page that answers 204 to who is logged in
 * @param {(send: (message: object) => void) => void} options.onOpen
 * @param {(events: object[]) => void} options.onEvents
 * @param {(state: {name: "connecting"|"open"|"waiting"|"logged-out", reason?: string, seconds?: number}) => void} options.onState
 */
export function connect({ path, session, onOpen, onEvents, onState }) {
  let wait = FIRST_WAIT_S;
  let silence;

  function open() {
    onState({ name: "connecting" });
    const socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENT_AFTER_MS);
    };
    listen();
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_S;
      onState({ name: "open" });
      onOpen((message) => socket.send(JSON.stringify(message)));
    });
    socket.addEventListener("message", (message) => {
      listen();
      onEvents(JSON.parse(message.data));
    });
    socket.addEventListener("close", async (closed) => {
      clearTimeout(silence);
      if (closed.code === FORBIDDEN) {
        location.reload();
        return;
      }
      const reason = await findReason();
      if (reason === "logged-out") {
        onState({ name: "logged-out" });
        return;
      }
      countDown(reason, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_S);
    });
  }

  async function findReason() {
    try {
      const answer = await fetch(session, { redirect: "manual", cache: "no-store" });
      if (answer.status === 503) {
        return "away";
      }
      return answer.type === "opaqueredirect" ? "logged-out" : answer.ok ? "socket" : "server";
    } catch {
      return "network";
    }
  }

  function countDown(reason, seconds) {
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left <= 0) {
        open();
        return;
      }
      onState({ name: "waiting", reason, seconds: left });
      setTimeout(tick, 500);
    };
    tick();
  }

  // A computer that wakes up need not wait for the end of a long pause.
  addEventListener("online", () => {
    wait = FIRST_WAIT_S;
  });
  open();
}
