// The first places of an uploaded file over the outlines of the district's compounds.
(function () {
  "use strict";
  const box = document.querySelector("[data-points]");
  const points = JSON.parse(document.getElementById("points").textContent);
  const [west, south, east, north] = box.dataset.bounds.split(",").map(Number);
  const map = L.map(box, { attributionControl: false, zoomAnimation: false, fadeAnimation: false });
  map.fitBounds([[south, west], [north, east]]);
  L.rectangle([[south, west], [north, east]], { color: "#5b6774", weight: 1, fill: false, interactive: false }).addTo(map);
  const layer = L.geoJSON(points, {
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 5, color: "#fff", weight: 1.5, fillColor: "#1d4e89", fillOpacity: 1, interactive: false }),
  }).addTo(map);
  if (layer.getLayers().length) map.fitBounds(layer.getBounds().pad(0.2), { maxZoom: 16 });
})();
