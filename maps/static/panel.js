// The panel of layers and classes, and the buttons over the map.
(function () {
  "use strict";
  const { layers } = wangge;
  const byId = (id) => document.getElementById(id);
  const openButton = byId("wg-open-panel");

  for (const box of document.querySelectorAll("[data-toggle]")) {
    box.addEventListener("change", () => wangge.show(box.dataset.toggle, box.checked));
  }
  for (const button of document.querySelectorAll(".entry")) {
    const name = button.closest(".layer").dataset.layer;
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      wangge.filter(name, Number(button.dataset.class), shown);
    });
  }

  wangge.on("visible", (name, visible) => {
    const part = document.querySelector(`.layer[data-layer="${name}"]`);
    part.classList.toggle("off", !visible);
    part.querySelector("[data-toggle]").checked = visible;
  });
  wangge.on("changed", () => wangge.marks._map && wangge.marks.draw());
  wangge.on("language", () => wangge.marks._map && wangge.marks.draw());

  function panel(open) {
    document.body.classList.toggle("panel-open", open);
    document.body.classList.toggle("panel-closed", !open);
    openButton.setAttribute("aria-expanded", String(open));
  }
  openButton.addEventListener("click", () => panel(true));
  byId("wg-close-panel").addEventListener("click", () => panel(false));
  byId("wg-language").addEventListener("click", () => {
    wangge.language(wangge.language() === "zh" ? "en" : "zh");
    wangge.emit("changed");
  });
  byId("wg-zoom-in").addEventListener("click", () => wangge.map.zoomIn(1));
  byId("wg-zoom-out").addEventListener("click", () => wangge.map.zoomOut(1));
  byId("wg-home").addEventListener("click", () => wangge.fit());

  // Fit the content beside the panel on wide screens.
  wangge.fit = (bounds = wangge.home) => {
    const wide = window.innerWidth > 720 && !document.body.classList.contains("printing");
    const open = !document.body.classList.contains("panel-closed");
    wangge.map.fitBounds(bounds, {
      paddingTopLeft: [wide && open ? 320 : 16, 16],
      paddingBottomRight: [wide ? 24 : 16, wide ? 24 : 72],
      maxZoom: 17,
      animate: false,
    });
    wangge.fitted = bounds;
  };

  function clicks(map) {
    map.on("movestart", () => (wangge.fitted = null));
    map.on("click", (event) => {
      if (wangge.planning) return wangge.plan(event.latlng);
      if (wangge.tool) return wangge.tool.click(event.latlng);
      const touch = window.matchMedia("(pointer: coarse)").matches;
      const hits = wangge.under(event.latlng, touch ? 18 : 10);
      if (hits.length) wangge.select(hits, 0);
      else wangge.clear();
    });
    let waiting = false;
    map.on("mousemove", (event) => {
      wangge.tool?.move?.(event.latlng);
      if (waiting || wangge.planning) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const over = wangge.under(event.latlng, 8).length > 0;
        map.getContainer().classList.toggle("over", over);
      });
    });
  }

  Object.assign(wangge, { panel, clicks });
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") wangge.clear();
  });
  // Figures that the map itself shows need the attributes from the start, where the page holds them.
  for (const layer of layers.values()) {
    const drawn = layer.sizeBy || layer.caption;
    if (drawn && layer.size && !layer.tiled) wangge.record(layer, 0).then(() => wangge.emit("changed"));
  }
})();
