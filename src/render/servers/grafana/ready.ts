import type { ReadySign } from "#model/report.ts";

/**
 * The counter that Grafana keeps for its own image renderer (grafana-image-renderer, pkg/service/browser.go): no query runs any more,
 * after one was seen running or three seconds have passed, since a dashboard of texts never asks.
 */
export const grafanaReady: ReadySign = {
  js: `(() => {
    if (!window.__grafanaSceneContext) return false;
    const running = window.__grafanaRunningQueryCount ?? 0;
    window.__daybreakSince ??= performance.now();
    if (running > 0) window.__daybreakSeen = true;
    return running === 0 && (window.__daybreakSeen === true || performance.now() - window.__daybreakSince > 3000);
  })()`,
};
