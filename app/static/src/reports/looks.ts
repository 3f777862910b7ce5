// How tones are drawn: a colour of the theme, and a pattern or a dash each, so that nobody needs the colour to tell.
const DASHES: Record<string, number[]> = {
  net2: [8, 4],
  net3: [2, 4],
  s2: [8, 4],
  s3: [2, 3],
  s4: [12, 4, 2, 4],
  s5: [5, 5],
  s6: [16, 5],
};

/** The colour that the style sheet gives to a tone in the theme of now. */
export function colourOf(host: Element, tone: string): string {
  const probe = document.createElement("i");
  probe.className = `tone-${tone}`;
  probe.hidden = true;
  host.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

export function dashOf(tone: string): number[] {
  return DASHES[tone] ?? [];
}

/** A fill: plain for most, striped downwards for what is bad, dotted lightly for what was not judged. */
export function fillOf(host: Element, tone: string): string | CanvasPattern {
  const colour = colourOf(host, tone);
  const draw = tone === "negative" ? stripes : tone === "abstained" ? hatch : null;
  if (!draw) return colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  if (!pen) return colour;
  draw(pen, colour, colourOf(host, "paper"));
  return pen.createPattern(tile, "repeat") ?? colour;
}

function stripes(pen: CanvasRenderingContext2D, colour: string, paper: string): void {
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = paper;
  pen.globalAlpha = 0.45;
  lines(pen, 1);
}

function hatch(pen: CanvasRenderingContext2D, colour: string, paper: string): void {
  pen.fillStyle = paper;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour;
  lines(pen, -1);
}

function lines(pen: CanvasRenderingContext2D, slope: 1 | -1): void {
  pen.lineWidth = 1.25;
  pen.beginPath();
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, slope > 0 ? 0 : 8);
    pen.lineTo(shift + 8, slope > 0 ? 8 : 0);
  }
  pen.stroke();
}
