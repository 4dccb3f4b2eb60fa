/*! jQuery v1.12.4 (example stand-in, not the library) */
function jQuery(target) {
  return {
    load: function (then) { target.addEventListener('load', then); },
    length: 1
  };
}
jQuery.fn = { jquery: '1.12.4' };
window.jQuery = jQuery;
