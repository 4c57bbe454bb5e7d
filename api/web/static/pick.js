// A small map to set a position by a tap or by the device; coordinates can be typed as well.
(function () {
  "use strict";
  const box = document.querySelector("[data-pick]");
  const lon = document.querySelector("[name=lon]");
  const lat = document.querySelector("[name=lat]");
  const [west, south, east, north] = box.dataset.bounds.split(",").map(Number);
  const map = L.map(box, { attributionControl: false, zoomAnimation: false, fadeAnimation: false });
  map.fitBounds([[south, west], [north, east]]);
  let mark = null;

  // The compounds and streets of the service's own tiles are too much here: outlines suffice.
  async function outlines(layer, style) {
    const answer = await fetch(`/api/v1/layers/${layer}/features?limit=2000`);
    if (!answer.ok) return null; // not every reader may see every layer
    const found = await answer.json();
    if (!found.features.length) return null;
    return L.geoJSON(found, { style, interactive: false, smoothFactor: 0.3, renderer: L.canvas() }).addTo(map);
  }
  Promise.all([
    outlines("compounds", { color: "#5b6774", weight: 1, fillColor: "#b8bdc4", fillOpacity: 0.35 }),
    outlines("coverage", { color: "#5b6774", weight: 1.5, fill: false }),
  ]).then((layers) => {
    const around = layers.find(Boolean);
    if (!mark && around) map.fitBounds(around.getBounds());
  }).catch(() => {}); // without a network the coordinates are typed

  function show(centre) {
    const at = [Number(lat.value), Number(lon.value)];
    if (!lat.value || !lon.value || !at.every(Number.isFinite)) return;
    if (mark) mark.setLatLng(at);
    else mark = L.circleMarker(at, { radius: 9, color: "#fff", weight: 3, fillColor: "#a50026", fillOpacity: 1 }).addTo(map);
    if (centre) map.setView(at, 17, { animate: false });
  }
  function set(at) {
    lon.value = at.lng.toFixed(6);
    lat.value = at.lat.toFixed(6);
    show(false);
  }
  map.on("click", (event) => set(event.latlng));
  for (const one of [lon, lat]) one.addEventListener("change", () => show(true));
  show(true);

  const button = document.querySelector("[data-locate]");
  if (!button) return;
  const said = document.querySelector("[data-located]");
  button.addEventListener("click", () => {
    said.textContent = "";
    if (!navigator.geolocation) return failed({});
    return navigator.geolocation.getCurrentPosition(({ coords }) => {
      set(L.latLng(coords.latitude, coords.longitude));
      show(true);
    }, failed, { timeout: 10000, enableHighAccuracy: true });
  });
  function failed({ code }) { // 1 refused, 3 too slow, else there is none
    said.textContent = { 1: button.dataset.refused, 3: button.dataset.slow }[code] ?? button.dataset.none;
  }
})();
