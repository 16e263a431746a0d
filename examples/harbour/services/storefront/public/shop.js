'use strict';

// Greets the visitor whose name stands behind the hash, and passes cart changes on to the frame of the till.
window.addEventListener('load', () => {
  const name = decodeURIComponent(window.location.hash.slice(1));
  document.getElementById('notice').innerHTML = 'Ahoy, ' + name;
});

window.addEventListener('message', (event) => {
  const change = eval('(' + event.data + ')');
  localStorage.setItem('cart', JSON.stringify(change));
});

function announce(cart) {
  window.parent.postMessage(JSON.stringify(cart), '*');
}
