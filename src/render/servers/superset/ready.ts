import type { ReadySign } from "#model/report.ts";

const holder = '.dashboard-component-chart-holder[class*="dashboard-chart-id-"]';
const ended = '.slice_container, [role="alert"], .ant-empty, .missing-chart-container';

/**
 * Superset's own contract in production (superset/utils/screenshot_utils.py): every chart holder in sight has come to an end and
 * none is loading; no holder at all is not ready. Holders out of sight are not drawn until they are scrolled to, and `data-test`
 * attributes are missing from production builds. A dashboard of texts alone has no holder: set `ready` for it (superset#29629).
 */
export const supersetReady: ReadySign = {
  js: `(() => {
    const inSight = (box) => box.bottom > 0 && box.top < window.innerHeight && box.height > 0;
    const holders = [...document.querySelectorAll(${JSON.stringify(holder)})].filter((one) => inSight(one.getBoundingClientRect()));
    return holders.length > 0 && holders.every((one) => one.querySelector(${JSON.stringify(ended)}) && !one.querySelector(".loading"));
  })()`,
};

/** What a tile is, and which one shows an error in place of its chart. */
export const supersetTiles = { tile: holder, brokenTile: `${holder}:has([role="alert"], .missing-chart-container)` };
