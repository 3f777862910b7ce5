// The style of the bubble and of the frame on somebody else's page; a constructed sheet, so the page's policy allows it.
export const loaderStyle = `
:host { all: initial; }
.box { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; display: flex; flex-direction: column;
  align-items: flex-end; gap: 14px; pointer-events: none; font-family: system-ui, sans-serif; }
.box.left { inset: auto auto 20px 20px; align-items: flex-start; }
.box > * { pointer-events: auto; }
[hidden] { display: none !important; }
.bubble { all: unset; pointer-events: auto; box-sizing: border-box; position: relative; width: 58px; height: 58px; border-radius: 50%;
  display: grid; place-items: center; cursor: pointer; background: var(--accent); color: var(--accent-ink);
  box-shadow: 0 6px 20px rgb(0 0 0 / .22), 0 1px 4px rgb(0 0 0 / .18); transition: transform .15s ease; }
.bubble:hover { transform: scale(1.05); }
.bubble:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
.icon { grid-area: 1 / 1; width: 26px; height: 26px; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; transition: transform .2s ease, opacity .2s ease; }
.icon-down, .open .icon-bubble { opacity: 0; transform: rotate(-30deg) scale(.6); }
.open .icon-down { opacity: 1; transform: none; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; box-sizing: border-box; padding: 0 6px;
  border-radius: 11px; background: #b91c1c; color: #fff; font: 600 12px/22px system-ui, sans-serif; text-align: center; }
.panel { width: 384px; height: min(640px, calc(100vh - 120px)); border-radius: 18px; overflow: hidden; background: Canvas;
  box-shadow: 0 16px 48px rgb(0 0 0 / .24), 0 2px 8px rgb(0 0 0 / .12); animation: rise .18s ease-out;
  color-scheme: light dark; }
iframe { display: block; width: 100%; height: 100%; border: 0; }
@keyframes rise { from { opacity: 0; transform: translateY(12px); } }
@media (max-width: 520px), (max-height: 460px) {
  .panel { position: fixed; inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
  .box.open .bubble { display: none; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media print { .box { display: none; } }
`;
