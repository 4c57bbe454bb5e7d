// Layers of points: drawn on one canvas straight from the page's index, however many there are.
(function () {
  "use strict";
  const MANY = 3000; // in view of a city; in a neighbourhood fewer hide what lies below them
  const NEAR = 800;
  const CELL = 4; // pixels: where points crowd, one of the ordinary class stands for its neighbours

  const Points = L.Layer.extend({
    initialize(layer) {
      this.layer = layer;
    },
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "", map.getPane("layer-" + this.layer.name));
      this.redraw();
    },
    onRemove() {
      this.canvas.remove();
    },
    getEvents() {
      return { moveend: this.redraw, resize: this.redraw, zoomstart: this.hide };
    },
    hide() {
      this.canvas.style.visibility = "hidden";
    },

    // The ordinary (first) class below, the second on top of all.
    redraw() {
      const { layer } = this;
      const view = wangge.sheet(this._map, this.canvas);
      const rows = wangge.inView(view, layer);
      const byClass = layer.classes.map(() => []);
      for (const row of rows) byClass[layer.index.class[row[0]]].push(row);
      const crowded = rows.length > (view.zoom < 14 ? MANY : NEAR) && view.zoom < 16.5;
      if (crowded) this.dots(view, byClass[0]);
      else this.shapes(view, byClass[0], 0);
      for (let of = layer.classes.length - 1; of > 0; of--) this.shapes(view, byClass[of], of);
    },

    shapes(view, rows, of) {
      const { layer } = this;
      const { shape, fill } = layer.classes[of];
      const size = wangge.pointSize(view.zoom, layer, of);
      for (const [row, x, y] of rows) {
        wangge.look(view.brush, { x, y }, layer, row, view.zoom);
        wangge.shape(view.brush, shape, x, y, size, fill, layer.outline);
      }
    },

    dots(view, rows) {
      const taken = new Set();
      view.brush.fillStyle = this.layer.classes[0].fill;
      view.brush.strokeStyle = this.layer.outline;
      view.brush.lineWidth = 0.5;
      for (const [, x, y] of rows) {
        const cell = Math.floor(x / CELL) * 65536 + Math.floor(y / CELL);
        if (taken.has(cell)) continue;
        taken.add(cell);
        view.brush.beginPath();
        view.brush.arc(x, y, 2.2, 0, 7);
        view.brush.fill();
        view.brush.stroke();
      }
    },
  });

  wangge.points = (name) => new Points(wangge.layers.get(name));
})();
