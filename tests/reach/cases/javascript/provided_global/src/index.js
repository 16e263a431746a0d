$('#a').html(location.hash);
