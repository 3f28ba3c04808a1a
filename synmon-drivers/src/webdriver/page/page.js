// What the tab shows.
const navigation = performance.getEntriesByType('navigation')[0];
return {
  url: cut(location.href, 2048),
  title: cut(titleOf(document), 1000),
  error: errorPage(),
  status: navigation?.responseStatus || null,
  document: String(performance.timeOrigin),
};
