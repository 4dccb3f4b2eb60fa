var i=0;setInterval(function(){i=(i+1)%4;$(".nastro")[0].style.transform="translateX(-"+i*300+"px)"},4000);
