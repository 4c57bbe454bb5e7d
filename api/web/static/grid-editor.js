// The grids of a community on a map: choose, move shared boundaries, split, merge, draw, step back.
// What a step does to outlines the server works out; the form's GeoJSON entry always has the drawing.
(function () {
  "use strict";
  const box = document.querySelector("[data-grid-editor]");
  const entry = document.getElementById("f-shapes");
  const said = box.querySelector("[data-said]");
  const rows = box.querySelector("[data-grid-rows]");
  const locked = "locked" in box.dataset;
  const pens = Object.fromEntries([...box.querySelectorAll("[data-pen]")].map((one) => [one.dataset.pen, one]));
  const map = L.map(box.querySelector(".draw-map"), {
    attributionControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, doubleClickZoom: false,
  });
  const dark = document.documentElement.dataset.theme === "dark";
  const [LINE, FILL, OURS, AROUND] = dark ? ["#d5dee6", "#8ab8f0", "#ff8a9e", "#8494a3"] : ["#15324f", "#2b6cb0", "#a50026", "#5b6774"];
  const STYLE = { color: LINE, weight: 2, fillColor: FILL, fillOpacity: 0.12 };
  const CHOSEN = { color: OURS, weight: 4, fillColor: OURS, fillOpacity: 0.25 };
  const SAME_DEG = 1e-8; // a millimetre
  const outline = L.geoJSON(JSON.parse(box.dataset.outline), {
    style: { color: AROUND, weight: 5, opacity: 0.6, fill: false, dashArray: "2 8" }, interactive: false, pmIgnore: true,
  }).addTo(map);
  L.geoJSON(JSON.parse(box.dataset.around), {
    style: { color: AROUND, weight: 1, fillColor: AROUND, fillOpacity: 0.08 }, interactive: false, pmIgnore: true, snapIgnore: false,
  }).addTo(map);
  map.fitBounds(outline.getBounds().pad(0.05));
  const grids = L.featureGroup().addTo(map);
  const steps = [];
  let features = [];
  let chosen = [];

  // -- the drawing: features, layers, table and entry in step --------------------

  function read(collection) {
    features = collection.features;
    chosen = [];
    grids.clearLayers();
    features.forEach((feature, index) => {
      const layer = L.geoJSON(feature, { style: STYLE }).getLayers()[0];
      layer.bindTooltip(feature.properties.label, { permanent: true, direction: "center", className: "grid-label" });
      layer.on("click", () => { if (!map.pm.globalDrawModeEnabled() && !map.pm.globalEditModeEnabled()) choose(index); });
      follow(layer);
      grids.addLayer(layer);
      layer.index = index;
    });
    list();
    show();
  }
  function told() {
    for (const layer of grids.getLayers()) features[layer.index].geometry = layer.toGeoJSON(false).geometry;
    return { type: "FeatureCollection", features };
  }
  function write() {
    entry.value = JSON.stringify(told());
    if (pens.back) pens.back.disabled = !steps.length;
  }
  function keep() { steps.push(entry.value); }

  function list() {
    rows.replaceChildren(...features.map(({ properties }, index) => {
      const row = document.createElement("tr");
      const pick = document.createElement("button");
      Object.assign(pick, { type: "button", className: "secondary small", textContent: properties.label });
      pick.setAttribute("aria-label", `${rows.dataset.choose} ${properties.label}`);
      pick.addEventListener("click", () => choose(index));
      row.append(cell(pick), ...["name", "households"].map((name) => cell(input(properties, name), rows.dataset[name])));
      return row;
    }));
  }
  function cell(inside, label = "") {
    const made = document.createElement("td");
    if (label) made.dataset.label = label; // a row is a card on the phone
    made.append(inside);
    return made;
  }
  function input(properties, name) {
    const made = document.createElement("input");
    Object.assign(made, { value: properties[name] ?? "", disabled: locked, maxLength: 60 });
    if (name === "households") made.inputMode = "numeric";
    made.setAttribute("aria-label", `${rows.dataset[name]} ${properties.label}`);
    made.addEventListener("change", () => { keep(); properties[name] = made.value.trim() || null; write(); });
    return made;
  }

  function choose(index) {
    chosen = chosen.includes(index) ? chosen.filter((one) => one !== index) : [...chosen, index];
    show();
  }
  function show() {
    for (const layer of grids.getLayers()) {
      layer.setStyle(chosen.includes(layer.index) ? CHOSEN : STYLE);
      if (chosen.includes(layer.index)) layer.bringToFront();
    }
    [...rows.rows].forEach((row, index) => row.cells[0].firstChild.setAttribute("aria-pressed", String(chosen.includes(index))));
    said.textContent = chosen.length ? said.dataset.chosen + chosen.map((one) => features[one].properties.label).join(", ") : said.dataset.nothing;
    if (pens.split) pens.split.disabled = chosen.length !== 1;
    if (pens.merge) pens.merge.disabled = chosen.length < 2;
  }

  // -- moving a boundary: what lies on the same spot goes along --------------------

  function rings(layer) {
    const flat = (one) => (one[0] instanceof L.LatLng ? [one] : one.flatMap(flat));
    return flat(layer.getLatLngs());
  }
  const same = (a, b) => Math.abs(a.lat - b.lat) < SAME_DEG && Math.abs(a.lng - b.lng) < SAME_DEG;
  function between(spot, a, b) {
    const [dx, dy] = [b.lng - a.lng, b.lat - a.lat];
    const length = Math.hypot(dx, dy);
    if (length < SAME_DEG) return false;
    const along = ((spot.lng - a.lng) * dx + (spot.lat - a.lat) * dy) / length;
    const beside = Math.abs((spot.lng - a.lng) * dy - (spot.lat - a.lat) * dx) / length;
    return along > 0 && along < length && beside < SAME_DEG;
  }
  function carryAlong(moved, from, to) {
    for (const layer of grids.getLayers()) {
      if (layer === moved) continue;
      let changed = false;
      for (const ring of rings(layer)) {
        const at = ring.findIndex((one) => same(one, from));
        if (at >= 0) { ring[at] = L.latLng(to); changed = true; continue; }
        const edge = ring.findIndex((one, i) => between(from, one, ring[(i + 1) % ring.length]));
        if (edge >= 0) { ring.splice(edge + 1, 0, L.latLng(to)); changed = true; }
      }
      if (changed) {
        layer.redraw();
        layer.getTooltip()?.setLatLng(layer.getCenter());
        if (layer.pm.enabled()) { layer.pm.disable(); layer.pm.enable(EDIT); }
      }
    }
  }
  const EDIT = { snappable: true, snapDistance: 12, allowSelfIntersection: true, removeVertexOn: "contextmenu" };
  function follow(layer) {
    let from = null;
    layer.on("pm:markerdragstart", ({ markerEvent }) => { keep(); from = L.latLng(markerEvent.target.getLatLng()); });
    layer.on("pm:markerdragend", ({ markerEvent }) => {
      const to = markerEvent.target.getLatLng();
      if (from && !same(from, to)) carryAlong(layer, from, to);
      from = null;
      write();
    });
    layer.on("pm:vertexadded", ({ latlng }) => { if (!from) { keep(); from = L.latLng(latlng); } });
    layer.on("pm:vertexremoved", write);
  }

  // -- pens --------------------

  async function reshape(how, shape) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ how, shapes: JSON.stringify(told()), chosen: chosen.join(","), shape })) body.append(name, value);
    try {
      const answer = await fetch(box.dataset.reshape, { method: "POST", body });
      const found = await answer.json();
      if (!answer.ok) {
        const [zh, en] = found.detail.split(" / ");
        said.textContent = box.dataset.language === "en" && en ? en : zh;
        return;
      }
      keep();
      read(found);
      write();
    } catch {
      said.textContent = said.dataset.failed;
    }
  }
  function rest() {
    map.pm.disableDraw();
    if (map.pm.globalEditModeEnabled()) map.pm.disableGlobalEditMode();
    for (const name of ["move", "carve"]) pens[name].setAttribute("aria-pressed", "false");
  }
  if (!locked) {
    map.pm.setLang(box.dataset.language);
    map.pm.setGlobalOptions({ ...EDIT, layerGroup: L.featureGroup().addTo(map), continueDrawing: false });
    map.pm.setPathOptions(CHOSEN);
    let how = "";
    const draw = (shape, name, words) => () => { rest(); how = name; said.textContent = said.dataset[words]; map.pm.enableDraw(shape, { snappable: true, snapDistance: 12, finishOn: "dblclick" }); };
    pens.split.addEventListener("click", draw("Line", "split", "line"));
    pens.carve.addEventListener("click", draw("Polygon", "carve", "area"));
    pens.merge.addEventListener("click", () => { rest(); reshape("merge", ""); });
    pens.move.addEventListener("click", () => {
      const on = map.pm.globalEditModeEnabled();
      rest();
      if (on) return show();
      map.pm.enableGlobalEditMode(EDIT);
      pens.move.setAttribute("aria-pressed", "true");
      said.textContent = said.dataset.corners;
    });
    pens.back.addEventListener("click", () => { rest(); read(JSON.parse(steps.pop())); write(); });
    map.on("pm:create", ({ layer }) => { const shape = JSON.stringify(layer.toGeoJSON(false).geometry); layer.remove(); reshape(how, shape); });
    entry.addEventListener("change", () => { try { read(JSON.parse(entry.value)); } catch { said.textContent = said.dataset.failed; } });
  }
  try { read(JSON.parse(entry.value)); } catch { said.textContent = said.dataset.failed; }
  document.documentElement.dataset.drawReady = "true";
  box.wangge = { map, grids };
})();
