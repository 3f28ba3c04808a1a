// How large all of the page is.
const { scrollWidth, scrollHeight } = document.documentElement;
return {
  width: Math.max(scrollWidth, document.body?.scrollWidth ?? 0, innerWidth),
  height: Math.max(scrollHeight, document.body?.scrollHeight ?? 0, innerHeight),
};
