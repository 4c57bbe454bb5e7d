// Canvas drawing: shapes for points, hatches for areas in print, outlines that grow with the zoom.
(function () {
  "use strict";
  const { config } = wangge;
  const shapes = Object.fromEntries(
    Object.entries(config.shapes).map(([name, path]) => [name, new Path2D(path)]),
  );
  const patterns = new Map();

  function pattern(context, hatch) {
    if (!patterns.has(hatch)) {
      const tile = document.createElement("canvas");
      const ratio = 2;
      tile.width = tile.height = 8 * ratio;
      const brush = tile.getContext("2d");
      brush.scale(ratio, ratio);
      brush.strokeStyle = "#1F2933";
      brush.lineWidth = hatch === "dots" ? 2 : 1;
      brush.lineCap = "round";
      brush.stroke(new Path2D(config.hatches[hatch]));
      const made = context.createPattern(tile, "repeat");
      made.setTransform(new DOMMatrix().scale(1 / ratio));
      patterns.set(hatch, made);
    }
    return patterns.get(hatch);
  }

  // One shape at a place; `size` is its height in pixels.
  function shape(context, name, x, y, size, fill, stroke) {
    const scale = size / 20;
    context.save();
    context.translate(x, y);
    context.scale(scale, scale);
    context.lineJoin = "round";
    context.strokeStyle = "#FFFFFF";
    context.lineWidth = 5 / scale / 1.6;
    context.stroke(shapes[name]);
    context.fillStyle = fill;
    context.fill(shapes[name]);
    context.strokeStyle = stroke;
    context.lineWidth = 1.2 / scale;
    context.stroke(shapes[name]);
    context.restore();
  }

  const growth = (zoom) => Math.min(1.6, Math.max(0.3, (zoom - 9) / 6));
  // Where points crowd, those of the ordinary (first) class shrink so that the others are seen.
  const pointSize = (zoom, layer, of) => {
    const size = Math.min(18, Math.max(7, 2.2 * (zoom - 9)));
    return layer.size > 300 && of === 0 && zoom < 14 ? 0.6 * size : size;
  };
  const hiddenClass = (options) =>
    options.wgLayer !== undefined && wangge.layers.get(options.wgLayer).hidden.has(options.wgClass);

  // Where a video point looks, if somebody said so.
  function look(context, { x, y }, layer, row, zoom) {
    const direction = layer.index.facing?.[row] ?? null;
    if (direction === null || zoom < 15.5) return;
    const radius = 16; // as far as a tile draws what lies beside it
    const fill = layer.classes[layer.index.class[row]].fill;
    const middle = ((direction - 90) * Math.PI) / 180;
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, radius, middle - 0.5, middle + 0.5);
    context.closePath();
    context.globalAlpha = 0.45;
    context.fillStyle = fill;
    context.fill();
    context.globalAlpha = 0.8;
    context.lineWidth = 1;
    context.strokeStyle = "#52606D";
    context.stroke();
    context.globalAlpha = 1;
  }

  // A line in its class's colour on a dark bed; what asks for attention is broken, as in its hatch.
  const DASHES = { none: [], forward: [9, 5], cross: [3, 5], dots: [1, 6] };
  function line(context, { fill, hatch }, outline, opacity, weight) {
    const width = 3.5 * weight; // an outline's weight is too thin for what is nothing else
    context.lineJoin = "round";
    context.globalAlpha = opacity;
    for (const [colour, wide, dash] of [[outline, width + 2, []], [fill, width, DASHES[hatch] ?? [6, 6]]]) {
      context.setLineDash(dash);
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // A canvas over the view and a little more, so that a small pan shows no edge.
  function sheet(map, canvas) {
    const size = map.getSize();
    const pad = size.multiplyBy(0.15).round();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [size.x + 2 * pad.x, size.y + 2 * pad.y];
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: width + "px", height: height + "px", visibility: "visible" });
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint(pad.multiplyBy(-1)));
    const brush = canvas.getContext("2d");
    brush.scale(ratio, ratio);
    return { map, brush, pad, size, zoom: map.getZoom() };
  }

  // Places in pixels of zoom 0; NaN, and so never in view, where there is no geometry.
  function worldOf(index) {
    const world = new Float64Array(2 * index.lon.length).fill(NaN);
    index.lon.forEach((lon, i) => {
      if (lon === null) return;
      const { x, y } = L.CRS.EPSG3857.latLngToPoint(L.latLng(index.lat[i], lon), 0);
      world[2 * i] = x;
      world[2 * i + 1] = y;
    });
    return world;
  }

  // Rows of a layer in view with their place on its sheet.
  function inView(view, layer) {
    const { index } = layer;
    layer.world ??= worldOf(index);
    const scale = 2 ** view.zoom;
    const origin = view.map.getPixelOrigin().subtract(view.map._getMapPanePos()).subtract(view.pad);
    const [width, height] = [view.size.x + 2 * view.pad.x, view.size.y + 2 * view.pad.y];
    const found = [];
    for (let i = 0; i < layer.size; i++) {
      const x = layer.world[2 * i] * scale - origin.x;
      const y = layer.world[2 * i + 1] * scale - origin.y;
      if (x >= 0 && y >= 0 && x <= width && y <= height && !layer.hidden.has(index.class[i])) found.push([i, x, y]);
    }
    return found;
  }

  L.Canvas.include({
    _fillStroke(context, layer) {
      const options = layer.options;
      if (hiddenClass(options)) return;
      if (options.wgLine) {
        const of = { fill: options.fillColor, hatch: options.wgHatch };
        line(context, of, options.color, options.fillOpacity, options.weight * growth(this._map.getZoom()));
        return;
      }
      if (options.fill) {
        context.globalAlpha = options.fillOpacity;
        context.fillStyle = options.fillColor || options.color;
        context.fill("evenodd");
        if (wangge.hatched && options.wgHatch && options.wgHatch !== "none") {
          context.globalAlpha = 0.8;
          context.fillStyle = pattern(context, options.wgHatch);
          context.fill("evenodd");
        }
      }
      if (options.stroke && options.weight !== 0) {
        const steady = options.wgBase || options.wgSteady;
        context.setLineDash(options._dashArray || []);
        const zoom = this._map.getZoom();
        context.globalAlpha = options.opacity * (steady ? 1 : Math.min(1, Math.max(0.25, (zoom - 10) / 4)));
        context.lineWidth = options.weight * (options.wgThin ? growth(zoom) ** 2 : steady ? 1 : growth(zoom));
        context.strokeStyle = options.color;
        context.lineCap = options.lineCap;
        context.lineJoin = options.lineJoin;
        context.stroke();
      }
      context.globalAlpha = 1;
    },

    _updateCircle(layer) {
      const options = layer.options;
      if (!this._drawing || layer._empty() || hiddenClass(options)) return;
      if (!options.wgShape) return;
      const zoom = this._map.getZoom();
      const of = wangge.layers.get(options.wgLayer);
      const size = pointSize(zoom, of, options.wgClass);
      look(this._ctx, layer._point, of, layer.feature.properties.row, zoom);
      shape(this._ctx, options.wgShape, layer._point.x, layer._point.y, size, options.fillColor, options.color);
    },
  });

  Object.assign(wangge, { look, line, shape, shapes, pattern, growth, pointSize, sheet, inView, hatched: false });
})();
