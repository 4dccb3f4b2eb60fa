// hero slider
$('.carousel').carousel({ interval: 5000 });
// live chat (account closed 2020)
liveChat.start('summit-auto');
