// Planned video points: placed by hand on the map, saved as GeoJSON for the import of cameras.
(function () {
  "use strict";
  const part = document.getElementById("wg-planner");
  if (!part) return;
  const byId = (id) => document.getElementById(id);
  const planned = [];
  let group = null;

  wangge.planning = false;
  wangge.plan = (at) => {
    const lon = Number(at.lng.toFixed(6));
    const lat = Number(at.lat.toFixed(6));
    const direction = byId("wg-plan-direction").value;
    planned.push({
      type: "Feature",
      properties: {
        source_key: `planned-${lon.toFixed(6)}-${lat.toFixed(6)}`,
        name: `规划点位 ${planned.length + 1}`,
        status: "planned",
        direction_deg: direction === "" ? null : ((Number(direction) % 360) + 360) % 360,
      },
      geometry: { type: "Point", coordinates: [lon, lat] },
    });
    show();
  };

  // EPSG:4490 (CGCS2000) is the frame the import accepts without being told.
  wangge.planned = () => ({
    type: "FeatureCollection",
    name: "planned_cameras",
    crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::4490" } },
    features: planned,
  });

  function show() {
    group?.remove();
    const renderer = L.svg({ pane: "marks" });
    group = L.layerGroup(planned.map(({ geometry: { coordinates: [lon, lat] } }) =>
      L.circleMarker([lat, lon], {
        renderer, radius: 8, color: "#FFFFFF", weight: 2, fillColor: "#7B4BA0", fillOpacity: 1, interactive: false,
      }))).addTo(wangge.map);
    byId("wg-plan-count").textContent = String(planned.length);
    wangge.emit("planned", wangge.planned());
    byId("wg-plan-undo").disabled = byId("wg-plan-save").disabled = planned.length === 0;
  }

  byId("wg-plan").addEventListener("click", (event) => {
    wangge.planning = !wangge.planning;
    event.currentTarget.setAttribute("aria-pressed", String(wangge.planning));
    document.body.classList.toggle("planning", wangge.planning);
  });
  byId("wg-plan-undo").addEventListener("click", () => {
    planned.pop();
    show();
  });
  byId("wg-plan-save").addEventListener("click", () => {
    const text = JSON.stringify(wangge.planned(), null, 1);
    const address = URL.createObjectURL(new Blob([text], { type: "application/geo+json" }));
    const link = wangge.element("a", { href: address, download: "planned_cameras.geojson" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
})();
