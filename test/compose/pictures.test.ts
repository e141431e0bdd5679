import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { openPictures, type Picture } from "#compose/pictures.ts";

const width = 1200;
const height = 900;

const svg = (inside: string) =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${inside}</svg>`,
    ),
  )
    .png({ compressionLevel: 2 })
    .toBuffer();

const dashboard = () =>
  svg(
    Array.from(
      { length: 30 },
      (_, at) =>
        `<rect x="${60 + at * 36}" y="${200 + (at % 7) * 40}" width="24" height="${500 - (at % 7) * 40}" fill="hsl(${at * 12},60%,50%)" rx="4"/><circle cx="${70 + at * 36}" cy="120" r="14" fill="none" stroke="#345"/>`,
    ).join(""),
  );

/** Smooth colours with grain, as a camera sees them. */
const photograph = (wide: number, high: number) => {
  const pixels = Buffer.alloc(wide * high * 3);
  let seed = 1;
  for (let at = 0; at < pixels.length; at += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const place = at / 3;
    const shade = [(place % wide) / wide, place / (wide * high), Math.sin(place / 5_000) / 2 + 0.5][at % 3] ?? 0;
    pixels[at] = Math.min(255, Math.round(shade * 240 + ((seed >> 16) % 12)));
  }
  return sharp(pixels, { raw: { width: wide, height: high, channels: 3 } })
    .png()
    .toBuffer();
};

const worst = async (one: Uint8Array, other: Uint8Array): Promise<number> => {
  const small = (bytes: Uint8Array) =>
    sharp(bytes).flatten({ background: "#fff" }).resize({ width: 60 }).raw().toBuffer();
  const [a, b] = [await small(one), await small(other)];
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? 0))), 0);
};

describe("a picture", () => {
  let flat: Buffer;
  let photo: Buffer;
  let mixed: Buffer;
  beforeAll(async () => {
    flat = await dashboard();
    photo = await photograph(800, 600);
    mixed = await sharp(flat)
      .composite([{ input: await photograph(320, 240), left: 800, top: 40 }])
      .png()
      .toBuffer();
  });
  const pictures = openPictures();
  const write = (bytes: Buffer, encoding: Parameters<typeof pictures.write>[2]): Promise<Picture> =>
    pictures.write(`${bytes.byteLength}`, bytes, encoding);

  test("of a dashboard goes out in 256 colours, much smaller and looking the same", async () => {
    const made = await write(flat, "best");
    expect(made).toMatchObject({ colours: "palette", mediaType: "image/png", extension: "png", width, height });
    expect(made.bytes.byteLength).toBeLessThan(flat.byteLength / 2);
    expect(await worst(flat, made.bytes)).toBeLessThanOrEqual(4);
  });

  test("of a photograph keeps its colours, also when 256 are asked for", async () => {
    expect((await write(photo, "best")).colours).toBe("true-colour");
    expect((await write(photo, "palette")).colours).toBe("true-colour");
  });

  test("of a dashboard with a small photograph keeps its colours for the photograph's sake", async () => {
    expect((await write(mixed, "best")).colours).toBe("true-colour");
  });

  test("of a photograph is much smaller as JPEG, and smaller again as a small one", async () => {
    const whole = await write(photo, "best");
    const jpeg = await write(photo, "jpeg");
    const small = await write(photo, "small-jpeg");
    expect(jpeg).toMatchObject({ mediaType: "image/jpeg", extension: "jpg", width: 800 });
    expect(jpeg.bytes.byteLength).toBeLessThan(whole.bytes.byteLength / 4);
    expect(small.bytes.byteLength).toBeLessThan(jpeg.bytes.byteLength);
  });

  test("as a small JPEG is at most 800 pixels wide, in its own shape", async () => {
    expect(await write(flat, "small-jpeg")).toMatchObject({ width: 800, height: 600 });
  });

  test("of which somebody else has the same is written once", async () => {
    const writer = openPictures();
    const [one, other] = await Promise.all([writer.write("k", flat, "best"), writer.write("k", flat, "best")]);
    expect(one).toBe(other);
  });

  test("is forgotten when others need its place", async () => {
    const writer = openPictures(10);
    const one = await writer.write("k", flat, "jpeg");
    expect(await writer.write("k", flat, "jpeg")).not.toBe(one);
  });

  test("with see-through places stands on white", async () => {
    const glass = await sharp({
      create: { width: 40, height: 40, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    const made = await write(glass, "jpeg");
    expect([...(await sharp(made.bytes).raw().toBuffer()).subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  test("that is none is a fault in words, and is asked for anew the next time", async () => {
    await expect(write(Buffer.from("<html>"), "best")).rejects.toMatchObject({ code: "compose.template" });
    await expect(write(Buffer.from("<html>"), "jpeg")).rejects.toMatchObject({ code: "compose.template" });
  });
});
