// Images, audio and files of messages, which the server keeps apart, on the trace page.
import { crc32, deflateSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hex, openPage, type Server, send, startBrowser, startServer } from "./harness";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await startServer();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const SIDE = 160;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A picture with some grain, so that it takes some space. */
function png(): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = 1 + 3 * SIDE;
  const pixels = Buffer.alloc(row * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const grain = (x * 7919 + y * 104_729) % 31;
      pixels.set([x + grain, y + grain, 200 - grain], y * row + 1 + 3 * x);
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A second of a tone. */
function wav(): Buffer {
  const rate = 8000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + rate, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(rate, 40);
  return Buffer.concat([head, Buffer.from(Array.from({ length: rate }, (_, i) => 128 + 60 * Math.sin(i / 3)))]);
}

async function sendMedia(): Promise<string> {
  const pdf = Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.from(hex(2000))]);
  const base64 = (bytes: Buffer) => bytes.toString("base64");
  const content = [
    { type: "text", text: "Look, listen and read." },
    { type: "image_url", image_url: { url: `data:image/png;base64,${base64(png())}` } },
    { type: "input_audio", input_audio: { data: base64(wav()), format: "wav" } },
    { type: "file", file: { filename: "report.pdf", file_data: `data:application/pdf;base64,${base64(pdf)}` } },
  ];
  const input = JSON.stringify({ messages: [{ role: "user", content }] });
  const [trace] = await send(server, [{ spans: [{ name: "look", kind: "LLM", input, output: "A gradient." }] }]);
  return trace ?? "";
}

for (const colorScheme of ["dark", "light"] as const) {
  test(`an image is shown, audio has a player, a file is a download: ${colorScheme}`, async () => {
    const trace = await sendMedia();
    const { page, problems } = await openPage(browser, server, `/traces/${trace}`, { colorScheme });
    try {
      const image = page.locator("[data-detail] img");
      await image.waitFor();
      await expect
        .poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth), { timeout: 10_000 })
        .toBe(SIDE);
      expect(await image.getAttribute("src")).toMatch(/^\/api\/v1\/attachments\/[0-9a-f]{64}$/);
      const audio = page.locator("[data-detail] audio");
      await expect
        .poll(() => audio.evaluate((player: HTMLAudioElement) => player.duration), { timeout: 10_000 })
        .toBe(1);
      const file = page.locator("[data-detail] a[download='report.pdf']");
      expect(await file.textContent()).toContain("report.pdf");
      const answer = await page.request.get(new URL((await file.getAttribute("href")) ?? "", server.url).href);
      expect((await answer.body()).subarray(0, 8).toString()).toBe("%PDF-1.7");
      expect(problems).toEqual([]);
    } finally {
      await page.context().close();
    }
  });
}
