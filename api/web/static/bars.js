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
    const most = 5 * Math.ceil(Math.max(...told.values, told.threshold) * 1.05 / 5);
    chart.setOption({
      animation: false,
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 24, top: 28, bottom: 8, containLabel: true },
      xAxis: { type: "value", max: most, axisLabel: { color: ink, hideOverlap: true }, splitLine: { lineStyle: { color: rule } } },
      yAxis: {
        type: "category", inverse: true, data: told.names,
        axisLabel: { color: ink, width: Math.min(150, box.clientWidth * 0.36), overflow: "truncate" }, axisTick: { show: false },
      },
      series: [{
        type: "bar", barMaxWidth: 16,
        data: told.values.map((value, at) => ({ value, itemStyle: { color: told.fills[at], borderColor: ink, borderWidth: 0.5 } })),
        label: { show: true, position: "right", color: ink },
        markLine: {
          silent: true, symbol: "none", lineStyle: { color: ink, type: "dashed", width: 2 },
          label: { formatter: told.line, color: ink, position: "start", distance: 4 }, data: [{ xAxis: told.threshold }],
        },
      }],
    });
    addEventListener("resize", () => chart.resize());
    document.documentElement.dataset.chartReady = "true";
  }
})();
