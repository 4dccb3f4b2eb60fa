/* review carousel, weather badge, chat bubble and heat map, each from another marketing year */
['reviews', 'weather', 'chat', 'heatmap'].forEach(function (widget, i) {
  setTimeout(function () { computeFrames(450); }, 150 + i * 250);
});
setTimeout(function () {
  var crew = document.getElementById('crew');
  crew.src = crew.getAttribute('data-late');
}, 700);
setTimeout(function () {
  var slot = document.getElementById('promo-slot');
  slot.innerHTML = '<div class="sb-promo">Spring special: 10% off full replacements booked this month</div>';
}, 1000);
