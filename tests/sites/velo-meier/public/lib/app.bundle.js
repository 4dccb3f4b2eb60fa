/*
 AngularJS v1.5.8
 (c) 2010-2016 Google, Inc. http://angularjs.org
 License: MIT
*/
(function(w){w.angular={version:{full:"1.5.8",major:1,minor:5,dot:8,codeName:"arbitrary-fallbacks"},module:function(){return{controller:function(){return this}}}};w.angular.module("velo",[]).controller("ShopCtrl",function(){})})(window);
