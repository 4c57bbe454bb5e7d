// The address says what is seen: place, layers, language, selected record.
(function () {
  "use strict";
  const { layers } = wangge;

  function read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    // The address of the page around goes before: it is what a reload and a copied link know.
    const outer = new URLSearchParams(wangge.around?.location.hash.slice(1));
    for (const name of ["map", "layers"]) if (outer.has(name)) parts.set(name, outer.get(name));
    const place = (parts.get("map") ?? "").split("/").map(Number);
    return {
      place: place.length === 3 && place.every(Number.isFinite) ? place : null,
      layers: parts.has("layers") ? parts.get("layers").split(",").filter(Boolean) : null,
      language: ["zh", "en"].includes(parts.get("lang")) ? parts.get("lang") : null,
      selected: parts.get("at"),
    };
  }

  function write() {
    if (!wangge.map || !wangge.started) return;
    const centre = wangge.map.getCenter();
    const parts = [
      `map=${wangge.map.getZoom()}/${centre.lat.toFixed(5)}/${centre.lng.toFixed(5)}`,
      `layers=${[...layers.values()].filter((one) => one.visible).map((one) => one.name).join(",")}`,
      `lang=${wangge.language()}`,
    ];
    const { selected } = wangge;
    if (selected) parts.push(`at=${encodeURIComponent(`${selected.layer}:${selected.key}`)}`);
    history.replaceState(null, "", "#" + parts.join("&"));
    wangge.emit("seen", { map: parts[0].slice(4), layers: parts[1].slice(7) });
  }

  async function apply(wanted) {
    wangge.language(wanted.language ?? wangge.language());
    for (const layer of layers.values()) {
      wangge.show(layer.name, wanted.layers ? wanted.layers.includes(layer.name) : layer.shown);
    }
    if (wanted.place) wangge.map.setView(wanted.place.slice(1), wanted.place[0], { animate: false });
    else wangge.fit(wangge.first);
    const [name, ...key] = (wanted.selected ?? "").split(":");
    if (layers.has(name)) await wangge.open(name, key.join(":"), { fly: !wanted.place });
  }

  wangge.on("changed", write);
  window.addEventListener("hashchange", () => apply(read()));
  Object.assign(wangge, { link: { read, write, apply } });
})();
