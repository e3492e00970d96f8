import { loadCaptioner } from 'zipcaption';

const status = document.querySelector('p');
// `?workers=0`: on the page's own thread.
const workers = Number(new URLSearchParams(location.search).get('workers') ?? 1);
const captioner = loadCaptioner({ workers });

document.querySelector('input').onchange = async ({ target }) => {
  status.textContent = '…';
  try {
    status.textContent = (await (await captioner).caption(target.files[0])).text;
  } catch (error) {
    status.textContent = error.message;
  }
};
