/* jQuery Cycle-like rotator v1.2 - requires jQuery v1.7.1 or later */
jQuery.fn.cycle=function(){return this};jQuery.fn.cycle.ver="1.2";
