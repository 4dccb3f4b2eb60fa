const count = document.querySelector('#mm-count');
const pots = JSON.parse(sessionStorage.getItem('pots') ?? '[]');
count.textContent = String(pots.length);
for (const button of document.querySelectorAll('[data-pot]')) {
  button.addEventListener('click', () => {
    pots.push(button.dataset.pot);
    sessionStorage.setItem('pots', JSON.stringify(pots));
    count.textContent = String(pots.length);
  });
}
