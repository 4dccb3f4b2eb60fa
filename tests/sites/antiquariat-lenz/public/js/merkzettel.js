window.merkzettel=[];
