// Snow for the Christmas market, 2013. Never taken down again.
(function () {
  function drift(until) { var flakes = 0; while (Date.now() < until) { flakes = (flakes * 31 + 7) % 9973; } return flakes; }
  drift(Date.now() + 1500);
  document.addEventListener('DOMContentLoaded', function () {
    drift(Date.now() + 800);
    var rounds = 0;
    var timer = setInterval(function () { drift(Date.now() + 500); if (++rounds === 4) clearInterval(timer); }, 700);
  });
})();
