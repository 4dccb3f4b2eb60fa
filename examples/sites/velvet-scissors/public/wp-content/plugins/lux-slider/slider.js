/* Lux Slider 2.1 stand-in */ window.jQuery && (jQuery.fn.luxSlider = function () { return this; });
