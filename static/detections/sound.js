// A short, soft tone at new detections; off until somebody switches it on.

let context = null;
let lastAt = 0;
const QUIET_MS = 400;

export function playSound() {
  if (!context || Date.now() - lastAt < QUIET_MS) {
    return;
  }
  lastAt = Date.now();
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.12, context.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.18);
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.2);
}

export function soundSwitch(button) {
  const toggle = () => {
    const isOn = button.ariaPressed !== "true";
    button.ariaPressed = String(isOn);
    const symbol = button.querySelector("use").href;
    symbol.baseVal = symbol.baseVal.replace(/#.*/, isOn ? "#sound" : "#silence");
    // A browser lets a page sound only after a person acted on it, as now.
    context = isOn ? new AudioContext() : null;
    playSound();
  };
  button.addEventListener("click", toggle);
  return { toggle };
}
