/* Parallax Pro: works out every frame of the scroll animation before the page may start */
function computeFrames(milliseconds) {
  var end = performance.now() + milliseconds, depth = 0;
  while (performance.now() < end) depth += Math.sin(depth) + 1;
  return depth;
}
computeFrames(850);
