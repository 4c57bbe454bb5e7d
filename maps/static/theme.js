// Light or dark: as the page around it is, else as the device asks. Paper is always light.
(function () {
  "use strict";
  const NIGHT = { // a word's or a line's colour on the ground: the same on the dark one
    "#1F2933": "#F2F5F8", "#52606D": "#C4CED8", "#7A1F2B": "#FFB3BD", "#3B1D05": "#FFE3CC", "#1D4E89": "#8AB8F0", "#FFFFFF": "#12181E",
  };
  const asked = matchMedia("(prefers-color-scheme: dark)");
  const hooks = [];
  let paper = false;

  // The page of the same site that the map stands in; null alone and inside another site's.
  function around() {
    try {
      return window.parent === window ? null : window.parent.document;
    } catch {
      return null;
    }
  }
  const page = around();
  const given = page?.documentElement.dataset.theme;
  const dark = () => !paper && (given ? given === "dark" : asked.matches);
  const ink = (light) => (dark() ? NIGHT[light] ?? light : light);
  const look = (one) => (dark() ? { ...one, ...one.wgNight } : one);

  function apply() {
    document.documentElement.dataset.theme = dark() ? "dark" : "light";
    for (const hook of hooks) hook();
  }

  const onChange = (hook) => hooks.push(hook);

  function onPaper(yes) {
    paper = yes;
    apply();
  }
  asked.addEventListener("change", () => {
    apply();
    wangge.marks.draw();
  });
  apply();
  Object.assign(wangge, { around: page, theme: { dark, ink, look, onChange, onPaper } });
})();
