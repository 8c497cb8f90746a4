// Notifications of this browser: while the page is open by itself, and by web push when it is not.

let isOn = false;

const supported = () => "Notification" in window && "serviceWorker" in navigator;

/** Shows an alert where nobody looks at the page. The plate comes first. */
export function showNotification(alert, console) {
  if (!isOn || document.visibilityState === "visible") {
    return;
  }
  const shown = new Notification(alert.title, { tag: alert.id, body: alert.about });
  shown.addEventListener("click", () => {
    focus();
    location.assign(`${console}${alert.id}/`);
  });
}

function bytesOf(base64) {
  const padded = base64.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(base64.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

function send(page, token, body) {
  return fetch(page.subscribe, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  });
}

/** Push needs a server that the browser reaches over HTTPS; without it notifications work while the page is open. */
async function subscribe(page, token) {
  const registration = await navigator.serviceWorker.register(page.worker);
  await navigator.serviceWorker.ready.catch(() => null);
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(page.push_key),
  });
  await send(page, token, subscription.toJSON());
}

async function unsubscribe(page, token) {
  const registration = await navigator.serviceWorker.getRegistration(page.worker);
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await send(page, token, { remove: subscription.endpoint });
    await subscription.unsubscribe();
  }
}

export function notifySwitch(button, page, token) {
  if (!supported()) {
    button.hidden = true;
    return;
  }
  const show = () => {
    button.ariaPressed = String(isOn);
  };
  isOn = Notification.permission === "granted" && localStorage.getItem("alerts-notify") === "on";
  show();
  button.addEventListener("click", async () => {
    if (isOn) {
      isOn = false;
      localStorage.removeItem("alerts-notify");
      await unsubscribe(page, token).catch(() => null);
    } else {
      isOn = (await Notification.requestPermission()) === "granted";
      if (isOn) {
        localStorage.setItem("alerts-notify", "on");
        await subscribe(page, token).catch(() => null);
      }
    }
    show();
  });
}
