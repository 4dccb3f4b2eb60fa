/*
 AngularJS v1.2.16
 Stand-in for an example; only the global and its version.
*/
window.angular = { version: { full: '1.2.16', major: 1, minor: 2, dot: 16 }, module: function () { return window.angular; } };
