// Layers on the map: order, visibility, filters by class, and what lies under a place.
(function () {
  "use strict";
  const { config, layers } = wangge;
  let map;

  // Called by the map's own script before any layer is made.
  function begin(made) {
    map = made;
    const base = map.createPane("base");
    base.style.zIndex = 250;
    map.createPane("ground").style.zIndex = 260;
    config.layers.forEach((layer, order) => {
      map.createPane("layer-" + layer.name).style.zIndex = 410 + order + (layer.above ? 30 : 0);
    });
    map.createPane("chosen").style.zIndex = 470;
    map.createPane("marks").style.zIndex = 480;
    for (const pane of ["base", "ground", "chosen", "marks"]) map.getPane(pane).style.pointerEvents = "none";
    L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
    wangge.home = boundsOf(config.bounds);
    wangge.first = boundsOf(config.first ?? config.bounds);
  }

  const boundsOf = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east]);

  // The features of a layer that the page itself holds, styled by their class.
  function drawn(name) {
    const layer = layers.get(name);
    const pane = "layer-" + name;
    const steady = {
      fill: true, fillOpacity: layer.opacity, color: layer.outline, weight: layer.weight, opacity: 0.9,
      interactive: false, smoothFactor: 0.6, wgLayer: name, pane,
    };
    const styles = layer.classes.map((of, i) => ({
      ...steady, fillColor: of.fill, wgClass: i, wgHatch: of.hatch, wgShape: of.shape,
    }));
    const features = wangge.block("wg-shapes-" + name).map(([row, geometry]) => ({
      type: "Feature", properties: { row, class: layer.index.class[row] }, geometry,
    }));
    const lined = styles.map((style) => ({ ...style, fill: false, wgLine: true }));
    return L.geoJSON(features, {
      pane, interactive: false,
      style: ({ geometry, properties }) => (isLine(geometry) ? lined : styles)[properties.class],
      pointToLayer: (feature, at) => L.circleMarker(at, { ...styles[feature.properties.class], radius: 6 }),
    });
  }

  const isLine = (geometry) => geometry.type.endsWith("LineString");

  function background(id, look) {
    const style = { ...wangge.theme.look(look), smoothFactor: 0.8, interactive: false, pane: "base" };
    const drawn = L.geoJSON(wangge.block(id).map(([, geometry]) => geometry), { ...style, style: () => style });
    wangge.theme.onChange(() => drawn.setStyle(wangge.theme.look(look)));
    return drawn;
  }

  function attach(name, leaflet) {
    const layer = layers.get(name);
    layer.leaflet = leaflet;
    if (!layer.tiled && !layer.point) {
      leaflet.eachLayer((one) => layer.features.push(prepared(one.feature)));
    }
  }

  function prepared(feature) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    each(feature.geometry.coordinates ?? [], (lon, lat) => {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    });
    return { row: feature.properties.row, geometry: feature.geometry, box };
  }

  function each(coordinates, visit) {
    if (typeof coordinates[0] === "number") visit(coordinates[0], coordinates[1]);
    else for (const inner of coordinates) each(inner, visit);
  }

  function show(name, visible) {
    const layer = layers.get(name);
    layer.visible = visible;
    if (visible) layer.leaflet.addTo(map);
    else layer.leaflet.remove();
    wangge.emit("visible", name, visible);
    wangge.emit("changed");
  }

  function filter(name, of, visible) {
    const layer = layers.get(name);
    if (visible) layer.hidden.delete(of);
    else layer.hidden.add(of);
    redraw(layer);
    wangge.emit("changed");
  }

  function redraw(layer) {
    if (!layer.visible) return;
    if (layer.point) layer.leaflet.redraw();
    else if (layer.tiled) layer.leaflet.rerenderTiles();
    else layer.leaflet.eachLayer((one) => one.redraw());
  }

  // Rows under a place, topmost layer first; points and slivers have a finger's width of reach.
  function under(latlng, reachPx) {
    const found = [];
    for (const layer of [...layers.values()].reverse()) {
      if (!layer.visible) continue;
      const look = layer.point ? inIndex : layer.tiled ? inTiles : inFeatures;
      const rows = look(layer, latlng, reachPx);
      for (const row of rows) {
        if (!layer.hidden.has(layer.index.class[row])) found.push({ layer, row });
      }
    }
    return found;
  }

  function inIndex(layer, latlng, reachPx) {
    const centre = map.latLngToContainerPoint(latlng);
    const edge = map.containerPointToLatLng(centre.add([reachPx, -reachPx]));
    const [wide, high] = [edge.lng - latlng.lng, edge.lat - latlng.lat];
    const { lon, lat } = layer.index;
    const near = [];
    for (let row = 0; row < layer.size; row++) {
      if (lon[row] === null || Math.abs(lon[row] - latlng.lng) > wide || Math.abs(lat[row] - latlng.lat) > high) continue;
      const distance = centre.distanceTo(map.latLngToContainerPoint([lat[row], lon[row]]));
      if (distance <= reachPx) near.push([distance, row]);
    }
    near.sort((a, b) => a[0] - b[0]);
    return near.map(([, row]) => row).slice(0, 12);
  }

  function inFeatures(layer, latlng, reachPx) {
    const centre = map.latLngToContainerPoint(latlng);
    const inside = [];
    const near = [];
    for (const { row, geometry, box } of layer.features) {
      if (contains(box, latlng) && within(geometry, latlng)) {
        inside.push(row);
      } else if (isLine(geometry)) {
        const distance = distanceTo(geometry, centre);
        if (distance <= reachPx) near.push([distance, row]);
      } else if (layer.index.lon[row] !== null && !(layer.area && box[2] - box[0] > 2e-4)) {
        const at = map.latLngToContainerPoint([layer.index.lat[row], layer.index.lon[row]]);
        const distance = centre.distanceTo(at);
        if (distance <= reachPx) near.push([distance, row]);
      }
    }
    near.sort((a, b) => a[0] - b[0]);
    return [...inside, ...near.map(([, row]) => row)].slice(0, 12);
  }

  function inTiles(layer, latlng, reachPx) {
    const picked = layer.leaflet.queryTileFeaturesDebug(latlng.lng, latlng.lat, reachPx).get("") ?? [];
    return picked.map(({ feature }) => wangge.tileRow(layer, feature.props)).filter((row) => row !== undefined);
  }

  // Pixels from a place on the screen to the nearest stretch of a line.
  function distanceTo({ type, coordinates }, centre) {
    let nearest = Infinity;
    for (const part of type === "LineString" ? [coordinates] : coordinates) {
      const ends = part.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
      for (let i = 1; i < ends.length; i++) {
        nearest = Math.min(nearest, L.LineUtil.pointToSegmentDistance(centre, ends[i - 1], ends[i]));
      }
    }
    return nearest;
  }

  const contains = (box, at) => at.lng >= box[0] && at.lng <= box[2] && at.lat >= box[1] && at.lat <= box[3];

  function within(geometry, at) {
    if (geometry.type === "Polygon") return inRings(geometry.coordinates, at);
    if (geometry.type === "MultiPolygon") return geometry.coordinates.some((rings) => inRings(rings, at));
    return false;
  }

  function inRings(rings, at) {
    let inside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [xi, yi] = ring[i];
        const [xj, yj] = ring[j];
        if (yi > at.lat !== yj > at.lat && at.lng < ((xj - xi) * (at.lat - yi)) / (yj - yi) + xi) {
          inside = !inside;
        }
      }
    }
    return inside;
  }

  Object.assign(wangge, { begin, drawn, background, attach, show, filter, redraw, under });
})();
