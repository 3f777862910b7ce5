// Builds everything that the browser loads into app/static/dist: bundles, style, fonts and the icons in use.
// The entry points stand in package.json under "config"; run it by `npm run build` (or `npm run watch`).
import { spawn } from "node:child_process";
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const dist = join(root, "app", "static", "dist");
const composer = join(root, "app", "static", "src", "composer");
// what the Markdown parser brings along and the editor has no use for, or the browser knows
const instead = { entities: join(composer, "named_signs.ts"), "linkify-it": join(composer, "no_links.ts") };
const watching = process.argv.includes("--watch");
const { config } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const bundles = config.bundles.split(" ");
const modules = config.modules.split(" "); // fetched by import() when they are wanted
const listed = [...bundles, ...modules, config.style];
const missing = listed.filter((entry) => !existsSync(join(root, entry)));
const present = (entry) => !missing.includes(entry);

async function bundle() {
  const options = {
    absWorkingDir: root,
    entryPoints: bundles.filter(present),
    outdir: dist,
    bundle: true,
    minify: true,
    sourcemap: true,
    target: "es2022",
    format: "iife",
    logLevel: "warning",
  };
  await build(options);
  await build({ ...options, entryPoints: modules.filter(present), format: "esm", alias: instead });
}

const EMOJI_LANGUAGES = ["de", "es", "fr", "ja", "pt"]; // of ours, those that emojibase has beside English

async function build(options) {
  if (watching) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}

async function emoji() {
  // a row each: sign, group, name, other words, the name between colons (app/static/src/composer/emoji_list.ts)
  const read = async (name) => JSON.parse(await readFile(join(root, "node_modules", "emojibase-data", name), "utf8"));
  const [english, codes] = await Promise.all([read("en/compact.json"), read("en/shortcodes/github.json")]);
  const inEnglish = new Map(english.map((one) => [one.hexcode, [one.label, ...(one.tags ?? [])]]));
  const lists = ["en", ...EMOJI_LANGUAGES].map(async (language) => {
    const [all, { groups }] = await Promise.all([read(`${language}/compact.json`), read(`${language}/messages.json`)]);
    const shown = groups.filter((group) => group.key !== "component");
    const place = new Map(shown.map((group, at) => [group.order, at]));
    const rows = all.filter((one) => place.has(one.group)).sort((one, two) => one.order - two.order);
    const words = (one) => new Set([...(one.tags ?? []), ...(inEnglish.get(one.hexcode) ?? [])].filter((word) => word !== one.label));
    const list = rows.map((one) => [one.unicode, place.get(one.group), one.label, [...words(one)].join(" "), [codes[one.hexcode] ?? ""].flat()[0]]);
    const file = language === "en" ? "emoji.json" : `emoji.${language}.json`;
    await writeFile(join(dist, file), JSON.stringify({ groups: shown.map((group) => capital(group.message)), all: list }));
  });
  await Promise.all(lists);
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function style() {
  // the command line tool is run by this node: no shell, no PATH look-up
  const packageFile = createRequire(import.meta.url).resolve("@tailwindcss/cli/package.json");
  const tool = join(dirname(packageFile), "dist", "index.mjs");
  const target = join(dist, basename(config.style));
  const args = [tool, "--input", join(root, config.style), "--output", target, "--minify"];
  if (watching) args.push("--watch");
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk) => (complaint += chunk));
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`style: ${complaint}`))));
  });
}

async function fonts() {
  // app.css imports @fontsource-variable/inter, whose urls are ./files/*: they resolve beside dist/app.css
  const source = join(root, "node_modules", "@fontsource-variable", "inter", "files");
  for (const file of await readdir(source)) {
    if (file.endsWith("-wght-normal.woff2")) await cp(join(source, file), join(dist, "files", file));
  }
}

async function textsUnder(folder, endings) {
  if (!existsSync(join(root, folder))) return "";
  const entries = await readdir(join(root, folder), { recursive: true });
  const files = entries.filter((entry) => endings.some((ending) => entry.endsWith(ending)));
  return (await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")))).join("\n");
}

async function icons() {
  // every icon whose name stands quoted in a template, a view or a script becomes a <symbol> of one sprite
  const texts = [
    await textsUnder("templates", [".html"]),
    await textsUnder("app", [".py"]),
    await textsUnder("app/static/src", [".ts"]),
  ].join("\n");
  const quoted = new Set(texts.match(/(?<=["'#])[a-z0-9]+(?:-[a-z0-9]+)*(?=["'])/g));
  const folder = join(root, "node_modules", "lucide-static", "icons");
  const names = (await readdir(folder)).map((file) => basename(file, ".svg")).filter((name) => quoted.has(name));
  const symbols = await Promise.all(names.map(async (name) => symbol(name, await readFile(join(folder, `${name}.svg`), "utf8"))));
  symbols.push(...(await channelIcons()));
  await writeFile(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

async function channelIcons() {
  // each kind of channel has an icon of its own, drawn by hand
  const drawn = await readFile(join(root, "app", "static", "src", "channel_icons.svg"), "utf8");
  return [...drawn.matchAll(/<symbol id="([^"]+)">(.*)<\/symbol>/g)].map(([, name, shapes]) => symbol(name, `<svg>${shapes}</svg>`));
}

function symbol(name, svg) {
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  const stroke = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${stroke}>${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
}

await mkdir(dist, { recursive: true });
await Promise.all([bundle(), present(config.style) ? style() : null, fonts(), icons(), emoji()]);
for (const entry of missing) console.error(`${entry} is listed in package.json and does not exist.`);
process.exitCode = missing.length ? 1 : 0;
