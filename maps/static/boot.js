// Last: the map exists and all layers are attached; show what the address or the page says.
(async function () {
  "use strict";
  wangge.clicks(wangge.map);
  wangge.map.on("moveend", () => wangge.link.write());
  wangge.follow?.(wangge.map);
  wangge.fit(wangge.first);
  wangge.marks.addTo(wangge.map);
  if (window.innerWidth <= 720) wangge.panel(false);
  await wangge.link.apply(wangge.link.read());
  wangge.started = true;
  wangge.link.write();
  document.documentElement.dataset.ready = "true";
})();
