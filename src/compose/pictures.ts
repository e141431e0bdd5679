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
export const openPictures = (cacheBytes = 16_000_000): PictureWriter => {
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
  const before = await sample(png);
  if (isPhotographic(before)) return trueColour(png);
  const candidate = await palette(png);
  const isWorthIt = candidate.bytes.byteLength < png.byteLength * 0.9;
  return isWorthIt && looksTheSame(before, await sample(candidate.bytes)) ? candidate : trueColour(png);
};

/** 256 colours of a photograph take seconds, look torn, and are larger than its JPEG, which is the next step anyway. */
const forcedPalette = async (png: Uint8Array): Promise<Picture> =>
  isPhotographic(await sample(png)) ? trueColour(png) : palette(png);

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
  const writing = opaque(png).png({ palette: true, colours: 256, dither: 0, effort: 1 });
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

/** Pictures stay with the library: all their pixels as arrays of ours, some megabytes each, cost more in clean-up than in work. */
const opaque = (bytes: Uint8Array) => sharp(bytes).flatten({ background: "#ffffff" }).toColourspace("srgb");

/** One pixel of so many across, and as many down: halving is what the library does fastest. */
const every = 2;

/** Pixels of a picture, three bytes each, taken at the same places of all pictures of one size. */
interface Sample {
  readonly pixels: Buffer;
  readonly width: number;
}

const sample = async (bytes: Uint8Array): Promise<Sample> => {
  const { width, height } = await sharp(bytes).metadata();
  const size = { width: Math.ceil(width / every), height: Math.ceil(height / every) };
  const sampling = opaque(bytes).resize({ ...size, fit: "fill", kernel: "nearest" });
  return { pixels: await sampling.raw().toBuffer(), width: size.width };
};

/** Among 20,000 pixels a dashboard shows some hundred colours, a gradient over the whole page some thousand, a photograph more. */
const counted = 20_000;
const photographicColours = 8_000;

const isPhotographic = ({ pixels }: Sample): boolean => {
  const step = 3 * Math.max(1, Math.floor(pixels.byteLength / 3 / counted));
  const colours = new Set<number>();
  for (let at = 0; at + 2 < pixels.byteLength; at += step) colours.add(pixels.readUIntBE(at, 3));
  return colours.size > photographicColours;
};

/** Side of the squares that are compared, in sampled pixels: a small photograph in a corner must not drown in a white page. */
const square = 16;
/** Mean difference of a channel within one square, of 255: below 4 neighbouring shades can't be told apart on a screen. */
const worstSquare = 4;

/** Compares a picture with what became of it, square by square. */
const looksTheSame = (before: Sample, after: Sample): boolean => {
  if (after.pixels.byteLength !== before.pixels.byteLength) return false;
  const rows = before.pixels.byteLength / 3 / before.width;
  for (let top = 0; top < rows; top += square) {
    for (let left = 0; left < before.width; left += square) {
      const within = { left, top, right: Math.min(left + square, before.width), bottom: Math.min(top + square, rows) };
      if (meanDifference(before, after, within) > worstSquare) return false;
    }
  }
  return true;
};

interface Square {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const meanDifference = (before: Sample, after: Sample, { left, top, right, bottom }: Square): number => {
  let sum = 0;
  for (let y = top; y < bottom; y += 1) {
    const end = (y * before.width + right) * 3;
    for (let at = (y * before.width + left) * 3; at < end; at += 1) {
      sum += Math.abs((before.pixels[at] ?? 0) - (after.pixels[at] ?? 0));
    }
  }
  return sum / ((right - left) * (bottom - top) * 3);
};
