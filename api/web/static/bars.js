// Bars of a ratio against a threshold; words and numbers stand in the page's table as well.
(function () {
  "use strict";
  for (const box of document.querySelectorAll("[data-bars]")) {
    const told = JSON.parse(box.dataset.bars);
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--pico-color").trim() || "#26323f";
    const rule = style.getPropertyValue("--pico-muted-border-color").trim() || "#ccd";
    box.style.height = `${60 + 24 * told.names.length}px`;
    const chart = echarts.init(box, null, { renderer: "canvas" });
    const fontFamily = getComputedStyle(document.body).fontFamily;
    const ON_YELLOW = "#26323f"; // what is below the threshold has a yellow bar, in the dark too
    const FONT_PX = 12, GAP_PX = 5; // ECharts' own, written down: where a label ends is worked out
    const most = 5 * Math.ceil(Math.max(...told.values, told.threshold) * 1.05 / 5);
    chart.setOption({
      animation: false,
      textStyle: { color: ink, fontFamily, fontSize: FONT_PX },
      grid: { left: 8, right: 24, top: 28, bottom: 8, containLabel: true },
      xAxis: { type: "value", max: most, axisLabel: { color: ink, hideOverlap: true }, splitLine: { lineStyle: { color: rule } } },
      yAxis: {
        type: "category", inverse: true, data: told.names,
        axisLabel: { color: ink, width: Math.min(150, box.clientWidth * 0.36), overflow: "truncate" }, axisTick: { show: false },
      },
      series: [{
        type: "bar", barMaxWidth: 16, data: told.values,
        label: { show: true, position: "right", distance: GAP_PX, color: ink },
        markLine: {
          silent: true, symbol: "none", lineStyle: { color: ink, type: "dashed", width: 2 },
          label: { formatter: told.line, color: ink, position: "start", distance: 4 }, data: [{ xAxis: told.threshold }],
        },
      }],
    });
    const atPx = (value) => chart.convertToPixel({ xAxisIndex: 0 }, value);
    // A number that the line would cross stands inside of its bar, or beyond where the bar is short.
    function label(value) {
      const [start, end, line] = [0, value, told.threshold].map(atPx);
      const room = 2 * GAP_PX + echarts.format.getTextRect(String(value), `${FONT_PX}px ${fontFamily}`).width;
      if (end > line || end + room < line) return {};
      return end - start > room ? { position: "insideRight", color: ON_YELLOW } : { distance: line - end + GAP_PX };
    }
    function place() {
      const data = told.values.map((value, at) => ({
        value, label: label(value), itemStyle: { color: told.fills[at], borderColor: ink, borderWidth: 0.5 },
      }));
      chart.setOption({ series: [{ data }] });
    }
    place();
    addEventListener("resize", () => { chart.resize(); place(); });
    document.documentElement.dataset.chartReady = "true";
  }
})();
