/* FancyBox-like v1.3.4, tested with jQuery 1.4.3 */
jQuery.fn.fancybox=function(){return this};
