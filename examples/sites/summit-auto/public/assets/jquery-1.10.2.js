/*!
 * jQuery JavaScript Library v1.10.2 - stand-in for an example site
 */
window.$ = window.jQuery = function jQuery() { return jQuery.fn; };
window.jQuery.fn = { jquery: "1.10.2", carousel: null };
