// Large layers: vector tiles from an archive inside the page or from the server.
(function () {
  "use strict";

  const [POINT, LINE] = [1, 2]; // geometry types of the Mapbox vector tile specification, 4.3.4

  // An archive that lies in the page as base64; no request is ever made.
  class Inside {
    constructor(id) {
      this.id = id;
      this.bytes = null;
    }
    getKey() {
      return this.id;
    }
    async getBytes(offset, length) {
      this.bytes ??= Uint8Array.from(atob(document.getElementById(this.id).textContent), (c) => c.charCodeAt(0));
      return { data: this.bytes.slice(offset, offset + length).buffer };
    }
  }

  // The row a tile's feature stands for: archives carry the row, the server's tiles the key.
  function tileRow(layer, properties) {
    return properties.row ?? wangge.row(layer, properties[layer.key]);
  }

  function tileClass(layer, properties) {
    if (properties.class !== undefined) return properties.class;
    const row = tileRow(layer, properties);
    return row === undefined ? layer.classes.length - 1 : layer.index.class[row];
  }

  // Draws areas with fill, hatch and outline, lines, and points by their shape.
  class Symbolizer {
    constructor(layer) {
      this.layer = layer;
    }
    draw(context, geometry, zoom, feature) {
      const { layer } = this;
      const index = tileClass(layer, feature.props);
      if (layer.hidden.has(index)) return;
      const of = layer.classes[index];
      if (feature.geomType === POINT) {
        const size = wangge.pointSize(zoom, layer, index);
        for (const { x, y } of geometry.flat()) wangge.shape(context, of.shape, x, y, size, of.fill, layer.outline);
        return;
      }
      context.beginPath();
      for (const ring of geometry) {
        ring.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
      }
      if (feature.geomType === LINE) {
        wangge.line(context, of, layer.outline, layer.opacity, layer.weight * wangge.growth(zoom));
        return;
      }
      context.globalAlpha = layer.opacity;
      context.fillStyle = of.fill;
      context.fill("evenodd");
      if (wangge.hatched && of.hatch !== "none") {
        context.globalAlpha = 0.8;
        context.fillStyle = wangge.pattern(context, of.hatch);
        context.fill("evenodd");
      }
      context.globalAlpha = 0.9;
      context.strokeStyle = layer.outline;
      context.lineWidth = layer.weight * wangge.growth(zoom);
      context.lineJoin = "round";
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  // The archive inside the page, or the address of the server's tiles.
  const held = (source) =>
    source.archive
      ? new pmtiles.PMTiles(new Inside(source.archive))
      : new URL(source.url, document.baseURI).href.replaceAll("%7B", "{").replaceAll("%7D", "}");

  // Quiet areas below the layers.
  function ground(name, source, look) {
    const symbolizer = {
      draw(context, geometry) {
        context.beginPath();
        for (const ring of geometry) ring.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
        const { fillColor, color, weight } = wangge.theme.look(look);
        context.fillStyle = fillColor;
        context.fill("evenodd");
        context.strokeStyle = color;
        context.lineWidth = weight;
        context.stroke();
      },
    };
    const drawn = protomapsL.leafletLayer({
      url: held(source), attribution: "", maxDataZoom: source.maxZoom, minZoom: source.minZoom,
      pane: "ground", noWrap: true, paintRules: [{ dataLayer: name, symbolizer }], labelRules: [],
    });
    wangge.theme.onChange(() => drawn.rerenderTiles());
    return drawn;
  }

  function tiles(name, source) {
    const layer = wangge.layers.get(name);
    return protomapsL.leafletLayer({
      url: held(source),
      attribution: "",
      maxDataZoom: source.maxZoom,
      minZoom: source.minZoom,
      pane: "layer-" + name,
      noWrap: true,
      paintRules: [{ dataLayer: layer.name, symbolizer: new Symbolizer(layer) }],
      labelRules: [],
    });
  }

  // A base map below everything: images by address, or an archive of images or vector tiles.
  async function basemap(source) {
    const pane = "tilePane";
    const images = (layer) => { // map.css dims them in a dark page
      wangge.map.getPane(pane).classList.add("images");
      layer.addTo(wangge.map);
    };
    if (source.images) {
      images(L.tileLayer(source.images, { pane, maxZoom: 20, maxNativeZoom: 18 }));
      return;
    }
    const url = source.url && new URL(source.url, document.baseURI).href;
    const archive = new pmtiles.PMTiles(source.archive ? new Inside(source.archive) : url);
    const { tileType, maxZoom } = await archive.getHeader();
    if (tileType !== pmtiles.TileType.Mvt) {
      images(pmtiles.leafletRasterLayer(archive, { pane, maxNativeZoom: maxZoom, maxZoom: 20 }));
      return;
    }
    let layer = null;
    const draw = () => {
      layer?.remove();
      const flavor = wangge.theme.dark() ? "black" : "white";
      layer = protomapsL.leafletLayer({ url: archive, flavor, lang: "zh", maxDataZoom: maxZoom, attribution: "", pane }).addTo(wangge.map);
    };
    wangge.theme.onChange(draw);
    draw();
  }

  Object.assign(wangge, { basemap, ground, tiles, tileRow });
})();
