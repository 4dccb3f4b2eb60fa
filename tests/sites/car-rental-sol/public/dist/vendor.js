(function (w) {
  function query(selector) {
    return new query.fn.init(selector);
  }
  query.fn = query.prototype = {
    jquery: '1.8.3',
    init: function (selector) {
      this.length = 0;
      if (selector && selector.nodeType) this[this.length++] = selector;
    },
  };
  query.fn.init.prototype = query.fn;
  w.jQuery = w.$ = query;
})(window);
