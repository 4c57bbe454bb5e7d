// Print: white sheet, title, legend beside the map, hatches so that grey tells classes apart.
(function () {
  "use strict";
  let before = null;

  function enter() {
    if (before) return;
    const { map } = wangge;
    before = { centre: map.getCenter(), zoom: map.getZoom(), fitted: wangge.fitted };
    const bounds = wangge.fitted ?? seen(map);
    document.body.classList.add("printing");
    wangge.hatched = true;
    wangge.theme.onPaper(true);
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { animate: false, padding: before.fitted ? [16, 16] : [0, 0] });
    repaint();
  }

  // What is seen beside the panel.
  function seen(map) {
    const size = map.getSize();
    const covered = document.body.classList.contains("panel-closed") || window.innerWidth <= 720 ? 0 : 300;
    return L.latLngBounds(map.containerPointToLatLng([covered, size.y]), map.containerPointToLatLng([size.x, 0]));
  }

  function leave() {
    if (!before) return;
    const { map } = wangge;
    document.body.classList.remove("printing");
    wangge.hatched = false;
    wangge.theme.onPaper(false);
    map.invalidateSize({ animate: false, pan: false });
    map.setView(before.centre, before.zoom, { animate: false });
    wangge.fitted = before.fitted;
    before = null;
    repaint();
  }

  function repaint() {
    for (const layer of wangge.layers.values()) wangge.redraw(layer);
    wangge.marks.draw();
  }

  document.getElementById("wg-print").addEventListener("click", () => {
    enter();
    // Tiles draw in their own time; a sheet printed at once would have holes.
    setTimeout(() => window.print(), 600);
  });
  window.addEventListener("beforeprint", enter);
  window.addEventListener("afterprint", leave);
  Object.assign(wangge, { print: { enter, leave } });
})();
