(window.__chunks=window.__chunks||[]).push([4,{}]);
