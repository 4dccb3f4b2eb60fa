/*! jQuery v1.11.3 | (c) 2005, 2015 jQuery Foundation, Inc. | jquery.org/license */
!function(w){var j=function(a){if(typeof a==="function"){document.addEventListener("DOMContentLoaded",function(){a(j)});return j}return document.querySelectorAll(a)};j.fn=j.prototype={jquery:"1.11.3"};w.jQuery=w.$=j}(window);
