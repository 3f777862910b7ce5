// Two short tones, made here. Browsers let a page sound only after somebody pressed something on it.
const TONES = [660, 880]; // Hz
const SECONDS = 0.14;
const LOUD = 0.12;

let context: AudioContext | null = null;

function wake(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, wake, { once: true, capture: true });

/** Play it now, or not at all: a sound that comes late says something wrong. */
export function chime(): void {
  if (context?.state !== "running") return;
  document.dispatchEvent(new CustomEvent("tributary:chimed"));
  TONES.forEach((tone, at) => play(context as AudioContext, tone, (context as AudioContext).currentTime + at * SECONDS));
}

function play(audio: AudioContext, tone: number, at: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.frequency.value = tone;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUD, at + 0.02);
  gain.gain.linearRampToValueAtTime(0, at + SECONDS);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + SECONDS);
}
