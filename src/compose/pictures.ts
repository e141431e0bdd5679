import sharp from "sharp";
import { Fault, wordsOf } from "#model/fault.ts";

/**
 * How a picture is written: `best` keeps what the eye sees at the least size, `palette` takes 256 colours also where that shows a
 * little, `jpeg` and `small-jpeg` lose more for a budget that is still broken.
 */
export type Encoding = "best" | "palette" | "jpeg" | "small-jpeg";

/** A picture as it goes into an email. */
export interface Picture {
  readonly bytes: Uint8Array;
  readonly mediaType: "image/png" | "image/jpeg";
  readonly extension: "png" | "jpg";
  /** Which of the ways was taken in the end. */
  readonly colours: "true-colour" | "palette" | "jpeg";
  readonly width: number;
  readonly height: number;
}

/** Writes pictures anew, each only once: recipients of one render share its picture. */
export interface PictureWriter {
  /** `key` names the bytes (their SHA-256). Throws `compose.template` for bytes that are no picture. */
  write(key: string, png: Uint8Array, encoding: Encoding): Promise<Picture>;
}

/** Opens a writer that remembers about `cacheBytes` of what it wrote last. */
export const openPictures = (cacheBytes = 64_000_000): PictureWriter => {
  const known = new Map<string, Promise<Picture>>();
  const sizes = new Map<string, number>();
  let held = 0;
  const forget = (key: string): void => {
    held -= sizes.get(key) ?? 0;
    sizes.delete(key);
    known.delete(key);
  };
  const remember = async (key: string, writing: Promise<Picture>): Promise<Picture> => {
    known.set(key, writing);
    try {
      const picture = await writing;
      sizes.set(key, picture.bytes.byteLength);
      held += picture.bytes.byteLength;
      for (const oldest of sizes.keys()) if (held > cacheBytes) forget(oldest);
      return picture;
    } catch (error) {
      forget(key);
      throw error;
    }
  };
  return {
    write: (key, png, encoding) => {
      const full = `${key} ${encoding}`;
      return known.get(full) ?? remember(full, encode(png, encoding));
    },
  };
};

const encode = async (png: Uint8Array, encoding: Encoding): Promise<Picture> => {
  try {
    switch (encoding) {
      case "best":
        return await best(png);
      case "palette":
        return await forcedPalette(png);
      case "jpeg":
        return await jpeg(png, { quality: 82, widest: null });
      case "small-jpeg":
        return await jpeg(png, { quality: 62, widest: 800 });
    }
  } catch (cause) {
    throw new Fault("compose.template", `the picture can't be read: ${wordsOf(cause)}`, {
      hint: "Draw the view again.",
      cause,
    });
  }
};

/** True colour unless 256 colours are smaller and look the same. */
const best = async (png: Uint8Array): Promise<Picture> => {
  if (await isPhotographic(png)) return trueColour(png);
  const candidate = await palette(png);
  const isWorthIt = candidate.bytes.byteLength < png.byteLength * 0.9;
  return isWorthIt && (await looksTheSame(png, candidate)) ? candidate : trueColour(png);
};

/** 256 colours of a photograph take seconds, look torn, and are larger than its JPEG, which is the next step anyway. */
const forcedPalette = async (png: Uint8Array): Promise<Picture> =>
  (await isPhotographic(png)) ? trueColour(png) : palette(png);

/** The drawn PNG as it is: whoever drew it for speed may have packed it badly, so it is packed once more where that gains a tenth. */
const trueColour = async (png: Uint8Array): Promise<Picture> => {
  const writing = sharp(png).png({ compressionLevel: 8, adaptiveFiltering: false });
  const { data, info } = await writing.toBuffer({ resolveWithObject: true });
  const bytes = data.byteLength < png.byteLength * 0.9 ? data : png;
  return {
    bytes,
    mediaType: "image/png",
    extension: "png",
    colours: "true-colour",
    width: info.width,
    height: info.height,
  };
};

/** Without dither: the flat areas of a dashboard stay flat and pack better; where it would be needed, `looksTheSame` says no. */
const palette = async (png: Uint8Array): Promise<Picture> => {
  const writing = opaque(png).png({ palette: true, colours: 256, dither: 0, effort: 2 });
  const { data, info } = await writing.toBuffer({ resolveWithObject: true });
  return {
    bytes: data,
    mediaType: "image/png",
    extension: "png",
    colours: "palette",
    width: info.width,
    height: info.height,
  };
};

const jpeg = async (
  png: Uint8Array,
  how: { readonly quality: number; readonly widest: number | null },
): Promise<Picture> => {
  const resized = how.widest === null ? sharp(png) : sharp(png).resize({ width: how.widest, withoutEnlargement: true });
  const { data, info } = await resized
    .flatten({ background: "#ffffff" })
    // Coloured text on white frays when colours are halved, so all of them are kept.
    .jpeg({ quality: how.quality, mozjpeg: true, chromaSubsampling: "4:4:4" })
    .toBuffer({ resolveWithObject: true });
  return {
    bytes: data,
    mediaType: "image/jpeg",
    extension: "jpg",
    colours: "jpeg",
    width: info.width,
    height: info.height,
  };
};

/** Pictures stay with the library: their pixels as arrays of ours, some megabytes each, cost more in clean-up than in work. */
const opaque = (bytes: Uint8Array) => sharp(bytes).flatten({ background: "#ffffff" }).toColourspace("srgb");

/** Among 20,000 pixels a dashboard shows some hundred colours, a gradient over the whole page some thousand, a photograph more. */
const sampled = 20_000;
const photographicColours = 8_000;

const isPhotographic = async (png: Uint8Array): Promise<boolean> => {
  const { width, height } = await sharp(png).metadata();
  const scale = Math.min(1, Math.sqrt(sampled / (width * height)));
  const size = {
    width: Math.ceil(width * scale),
    height: Math.ceil(height * scale),
    fit: "fill",
    kernel: "nearest",
  } as const;
  const data = await opaque(png).resize(size).raw().toBuffer();
  const colours = new Set<number>();
  for (let at = 0; at < data.byteLength; at += 3) colours.add(data.readUIntBE(at, 3));
  return colours.size > photographicColours;
};

/** Side of the squares that are compared: a small photograph in a corner must not drown in a white page. */
const square = 32;
/** Mean difference of a channel within one square, of 255: below 4 neighbouring shades can't be told apart on a screen. */
const worstSquare = 4;

/** Compares a picture with what became of it, square by square. */
const looksTheSame = async (before: Uint8Array, { bytes, width, height }: Picture): Promise<boolean> => {
  const difference = await opaque(before)
    .composite([{ input: Buffer.from(bytes), blend: "difference" }])
    .removeAlpha()
    .raw()
    .toBuffer();
  const size = { width: Math.ceil(width / square), height: Math.ceil(height / square), fit: "fill" } as const;
  const means = await sharp(difference, { raw: { width, height, channels: 3 } })
    .resize({ ...size, kernel: "linear" })
    .raw()
    .toBuffer();
  for (let at = 0; at < means.byteLength; at += 3) {
    const sum = (means[at] ?? 0) + (means[at + 1] ?? 0) + (means[at + 2] ?? 0);
    if (sum / 3 > worstSquare) return false;
  }
  return true;
};
