// A map to draw one outline or point on; the form's GeoJSON entry and the drawing stay in step.
(function () {
  "use strict";
  const box = document.querySelector("[data-draw]");
  const entry = document.getElementById(box.dataset.into);
  const locked = "locked" in box.dataset;
  const [west, south, east, north] = box.dataset.bounds.split(",").map(Number);
  const map = L.map(box, { attributionControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false });
  map.fitBounds([[south, west], [north, east]]);
  const dark = document.documentElement.dataset.theme === "dark";
  const [OURS, LINES, OTHERS] = dark ? ["#ff8a9e", "#8494a3", "#8ab8f0"] : ["#a50026", "#5b6774", "#2b6cb0"];
  const OWN = { color: OURS, weight: 3, fillColor: OURS, fillOpacity: 0.25 };
  const point = (at) => L.circleMarker(at, { radius: 9, color: dark ? "#12181e" : "#fff", weight: 3, fillColor: OURS, fillOpacity: 1 });
  const around = L.featureGroup().addTo(map);
  const drawn = L.featureGroup().addTo(map);
  const merge = document.querySelector("[data-draw-merge]");
  const said = document.querySelector("[data-draw-said]");

  // What lies around is background to snap to; it is never changed here.
  async function surround(layer, style) {
    const answer = await fetch(`/api/v1/layers/${layer}/features?limit=2000`);
    if (!answer.ok) return;
    const found = await answer.json();
    L.geoJSON(found, {
      style, pointToLayer: (_, at) => L.circleMarker(at, { radius: 4, ...style }), interactive: false, pmIgnore: true,
      snapIgnore: false,
    }).addTo(around);
    if (!drawn.getLayers().length && around.getLayers().length) map.fitBounds(around.getBounds());
  }

  function outlines() {
    return drawn.getLayers().filter((one) => one instanceof L.Polygon).map((one) => one.toGeoJSON(9).geometry);
  }
  function write() {
    const points = drawn.getLayers().filter((one) => !(one instanceof L.Polygon));
    const areas = outlines();
    let told = null;
    if (areas.length === 1) told = areas[0];
    else if (areas.length) told = { type: "MultiPolygon", coordinates: areas.flatMap((one) => (one.type === "Polygon" ? [one.coordinates] : one.coordinates)) };
    else if (points.length) told = points.at(-1).toGeoJSON(9).geometry;
    entry.value = told ? JSON.stringify(told) : "";
    if (merge) merge.hidden = areas.length < 2;
    entry.dispatchEvent(new Event("drawn", { bubbles: true }));
  }
  function follow(layer) {
    layer.on("pm:edit pm:dragend pm:markerdragend pm:cut pm:remove", write);
  }
  function add(shape) {
    const parts = shape.type === "MultiPolygon" ? shape.coordinates.map((one) => ({ type: "Polygon", coordinates: one })) : [shape];
    for (const part of parts) {
      L.geoJSON(part, { style: OWN, pointToLayer: (_, at) => point(at) }).eachLayer((one) => { follow(one); drawn.addLayer(one); });
    }
  }
  function show({ centre } = {}) {
    drawn.clearLayers();
    if (!entry.value.trim()) return;
    try {
      add(JSON.parse(entry.value));
    } catch {
      return; // not yet a whole geometry: the server says so at the check
    }
    if (centre && drawn.getLayers().length) map.fitBounds(drawn.getBounds().pad(1.5), { maxZoom: 18 });
    if (merge) merge.hidden = outlines().length < 2;
  }

  if (!locked) {
    map.pm.setLang(box.dataset.language);
    map.pm.addControls({
      position: "topleft", drawPolyline: false, drawCircle: false, drawMarker: false, drawText: false,
      drawCircleMarker: true, rotateMode: false, cutPolygon: true,
    });
    for (const tool of box.querySelectorAll(".leaflet-buttons-control-button")) { // its title stands on the frame round it
      tool.setAttribute("aria-label", tool.closest("[title]")?.title || tool.firstChild?.title || "");
    }
    map.pm.setGlobalOptions({ layerGroup: drawn, snappable: true, snapDistance: 15, allowSelfIntersection: false, continueDrawing: false });
    map.pm.setPathOptions(OWN);
    map.on("pm:create", ({ layer, shape }) => {
      // A point and an area are two answers to one question: the newer one stands.
      for (const one of drawn.getLayers()) {
        if (one !== layer && (shape === "CircleMarker" || !(one instanceof L.Polygon))) drawn.removeLayer(one);
      }
      follow(layer);
      if (!drawn.hasLayer(layer)) drawn.addLayer(layer);
      write();
    });
    map.on("pm:cut", ({ originalLayer, layer }) => {
      for (const one of [originalLayer, layer]) drawn.removeLayer(one); // what is left is drawn part by part
      const { geometry } = layer.toGeoJSON(9);
      if (geometry) add(geometry);
      write();
    });
    map.on("pm:remove", ({ layer }) => { drawn.removeLayer(layer); write(); });
    entry.addEventListener("change", () => show({ centre: true }));
    merge?.addEventListener("click", async () => {
      const body = new FormData();
      body.append("shapes", JSON.stringify({ type: "GeometryCollection", geometries: outlines() }));
      const answer = await fetch("/planning/merge", { method: "POST", body }).catch(() => null);
      said.textContent = answer?.ok ? "" : said.dataset.failed;
      if (!answer?.ok) return;
      entry.value = JSON.stringify(await answer.json());
      show();
    });
  }
  show({ centre: true });
  Promise.all([
    surround("coverage", { color: LINES, weight: 1.5, fill: false }),
    surround(box.dataset.around, { color: OTHERS, weight: 1, fillColor: OTHERS, fillOpacity: 0.35 }),
  ]).finally(() => { document.documentElement.dataset.drawReady = "true"; });
  box.wangge = { map, drawn };
})();
