// Records the time between frames, and of tasks that hold the page up. `frames.end()` returns milliseconds.
() => {
  window.frames_ = { gaps: [], tasks: [] };
  new PerformanceObserver((list) => frames_.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  performance.setResourceTimingBufferSize(200000);
  let last = performance.now();
  const tick = (now) => {
    frames_.gaps.push(now - last);
    last = now;
    frames_.on = requestAnimationFrame(tick);
  };
  frames_.on = requestAnimationFrame(tick);
  frames_.end = () => {
    cancelAnimationFrame(frames_.on);
    const { gaps, tasks } = frames_, sorted = gaps.toSorted((one, other) => one - other);
    return { frames: gaps.length, frame_ms_p50: sorted[sorted.length >> 1], frame_ms_p99: sorted[Math.floor(0.99 * (sorted.length - 1))],
      frame_ms_max: sorted.at(-1), task_ms_max: Math.max(0, ...tasks) };
  };
}
