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

type Stroke = (pen: CanvasRenderingContext2D) => void;

const PATTERNS: Record<string, Stroke> = {
  negative: slanted(1),
  s2: slanted(1),
  s3: straight("across"),
  s4: slanted(-1),
  s5: straight("down"),
  s6: dots,
};

/** A fill with the tone's pattern; what was not judged is hatched on paper. */
export function fillOf(host: Element, tone: string): string | CanvasPattern {
  const colour = colourOf(host, tone);
  const paper = colourOf(host, "paper");
  if (tone === "abstained") return tiled(paper, colour, 1, slanted(-1)) ?? colour;
  const pattern = PATTERNS[tone];
  return (pattern && tiled(colour, paper, 0.4, pattern)) ?? colour;
}

function tiled(ground: string, line: string, alpha: number, stroke: Stroke): CanvasPattern | null {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = line;
  pen.globalAlpha = alpha;
  pen.lineWidth = 1.25;
  pen.beginPath();
  stroke(pen);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function slanted(slope: 1 | -1): Stroke {
  return (pen) => {
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, slope > 0 ? 0 : 8);
      pen.lineTo(shift + 8, slope > 0 ? 8 : 0);
    }
  };
}

function straight(way: "across" | "down"): Stroke {
  return (pen) => {
    pen.moveTo(way === "across" ? 0 : 4, way === "across" ? 4 : 0);
    pen.lineTo(way === "across" ? 8 : 4, way === "across" ? 4 : 8);
  };
}

function dots(pen: CanvasRenderingContext2D): void {
  pen.fillRect(3, 3, 2.5, 2.5);
}
