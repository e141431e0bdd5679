import { extentOf, scrollThrough } from "#render/page/signs.ts";
import type { Tab } from "#render/page/tab.ts";

/** A page that needs this much more once its window is taller follows the window, and would do so for ever. */
const followsWindow = 1.02;
const mostSteps = 5;

/**
 * Lays a page out in full, asked again and again while it loads: makes the window as tall as the page needs, so that tiles which draw
 * only when seen, and containers which scroll, show all. Where the page is too tall, or grows with its window, the window stays as it
 * was and the page is scrolled through instead, once. Answers true when something was changed, so that the page may now draw more.
 */
export const newReveal = (tab: Tab, maxHeightPx: number): (() => Promise<boolean>) => {
  let steps = 0;
  const giveUp = async (): Promise<void> => {
    steps = mostSteps;
    await setHeight(tab, tab.look.height);
    await scrollThrough(tab);
  };
  return async () => {
    const { height } = await extentOf(tab);
    if (steps >= mostSteps || height <= windowHeight(tab)) return false;
    steps += 1;
    if (height > maxHeightPx) {
      await giveUp();
      return true;
    }
    await setHeight(tab, height);
    if ((await extentOf(tab)).height > height * followsWindow) await giveUp();
    return true;
  };
};

const windowHeight = (tab: Tab): number => tab.pane.size()?.height ?? tab.look.height;

const setHeight = async (tab: Tab, height: number): Promise<void> => {
  if (height === windowHeight(tab)) return;
  const { width, scale } = tab.look;
  await tab.pane.drawSmall({ width, height, scale });
};
