// What the tab shows, and how it came.
/** What the browser shows instead of a page, if it does: its code, such as ERR_NAME_NOT_RESOLVED. */
function errorPage() {
  const address = getter(Document, 'documentURI')(document) ?? '';
  if (address.startsWith('about:neterror') || address.startsWith('about:certerror')) {
    return cut(new URLSearchParams(address.slice(address.indexOf('?'))).get('e') ?? 'unknown', 80);
  }
  if (!address.startsWith('chrome-error:')) return null;
  return cut(below(document, '.error-code')[0]?.textContent.trim() || 'unknown', 80);
}

/** All that was recorded of a kind, without waiting for a task of the observer's. */
function recorded(type) {
  if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return null;
  const observer = new PerformanceObserver(() => {});
  observer.observe({ type, buffered: true });
  const entries = observer.takeRecords();
  observer.disconnect();
  return entries;
}

/** The worst burst of layout shifts: at most 5 s long, with less than 1 s between two of them. */
function layoutShift(entries) {
  let [worst, sum, start, last] = [0, 0, -Infinity, -Infinity];
  for (const { value, startTime, hadRecentInput } of entries) {
    if (hadRecentInput) continue;
    const joins = startTime - last < 1000 && startTime - start < 5000;
    [sum, start, last] = [joins ? sum + value : value, joins ? start : startTime, startTime];
    worst = Math.max(worst, sum);
  }
  return worst;
}

const navigation = performance.getEntriesByType('navigation')[0];
const shifts = recorded('layout-shift');
return {
  url: cut(location.href, 100_000),
  title: cut(getter(Document, 'title')(document), 100_000),
  error: errorPage(),
  status: (location.protocol.startsWith('http') && navigation?.responseStatus) || null,
  document: String(performance.timeOrigin),
  timing: navigation?.loadEventEnd > 0 ? {
    ttfb_ms: navigation.responseStart,
    dom_content_loaded_ms: navigation.domContentLoadedEventEnd,
    load_ms: navigation.loadEventEnd,
  } : null,
  vitals: {
    fcp_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    lcp_ms: recorded('largest-contentful-paint')?.at(-1)?.startTime ?? null,
    cls: shifts && layoutShift(shifts),
  },
};
