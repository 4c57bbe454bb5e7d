// A map inside a page of the same site hears and tells what is chosen; elsewhere nothing happens.
(function () {
  "use strict";
  if (window.parent === window || wangge.config.mode !== "server") return;
  document.documentElement.classList.add("framed");
  const tell = (message) => window.parent.postMessage({ wangge: true, ...message }, location.origin);
  let following = false; // a view that came from the other map is not told back
  let told = null;

  wangge.on("changed", () => {
    const { selected } = wangge;
    const key = selected && `${selected.layer}:${selected.key}`;
    if (key && key !== told) tell({ selected });
    told = key;
  });
  wangge.on("box", (box) => tell({ box }));
  wangge.on("planned", (planned) => tell({ planned }));

  let hint = null;
  function point(layer, key) {
    hint?.remove();
    const found = key === null ? undefined : wangge.row(layer, key);
    if (found === undefined || layer.index.lon[found] === null) return;
    const at = [layer.index.lat[found], layer.index.lon[found]];
    hint = L.circleMarker(at, { radius: 13, color: wangge.theme.ink("#1D4E89"), weight: 4, fill: false, interactive: false, pane: "chosen", renderer: L.svg({ pane: "chosen" }) }).addTo(wangge.map);
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== window.parent || event.data?.wangge !== true) return;
    const layer = wangge.layers.get(event.data.layer);
    if ("hint" in event.data && layer) point(layer, event.data.hint);
    if (event.data.go && layer) {
      told = `${layer.name}:${event.data.go}`;
      wangge.open(layer.name, event.data.go);
    }
    if (event.data.view) {
      following = true;
      const { lat, lng, zoom } = event.data.view;
      wangge.map.setView([lat, lng], zoom, { animate: false });
      following = false;
    }
  });
  // Where the map is and what it shows, for the address of the page around it.
  wangge.on("seen", (seen) => tell({ seen }));
  wangge.follow = (map) => map.on("moveend", () => {
    if (following || !wangge.started) return;
    const { lat, lng } = map.getCenter();
    tell({ view: { lat, lng, zoom: map.getZoom() } });
  });
})();
