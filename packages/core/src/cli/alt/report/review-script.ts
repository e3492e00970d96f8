/**
 * What the page does in the browser; its source is put into the page as it stands, so that nothing
 * outside of it may be used. Decisions are kept in the browser's storage, so that a review may be
 * gone on with.
 *
 * @param storageKey the same for the same list of images
 * @param longest    characters from which on a text is called long
 */
export function reviewScript(storageKey: string, longest: number): void {
  interface Entry {
    alt: string | null;
    decision: string;
    [field: string]: unknown;
  }
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}');
  const entries: Entry[] = data.images;
  const cards = [...document.querySelectorAll<HTMLElement>('article')];
  const status = document.getElementById('status');
  const onlyOpen = document.getElementById('only-open') as HTMLInputElement | null;

  const textOf = (card: HTMLElement) => card.querySelector('textarea');
  const radiosOf = (card: HTMLElement) => [
    ...card.querySelectorAll<HTMLInputElement>('input[type=radio]'),
  ];
  const decisionOf = (card: HTMLElement) => radiosOf(card).find(({ checked }) => checked)?.value;

  function choose(card: HTMLElement, decision: string): void {
    for (const radio of radiosOf(card)) radio.checked = radio.value === decision;
  }

  function show(card: HTMLElement): void {
    const length = textOf(card)?.value.trim().length ?? 0;
    const count = card.querySelector('.count');
    if (count) {
      const long = length > longest ? `, longer than the usual ${longest}` : '';
      count.textContent = `${length} characters${long}`;
    }
    card.dataset.decision = decisionOf(card) ?? 'open';
  }

  function showTotal(): void {
    const open = cards.filter((card) => radiosOf(card).length > 0);
    const done = open.filter((card) => decisionOf(card) !== undefined).length;
    const total = document.getElementById('total');
    if (total) total.textContent = `${done} of ${open.length} decided`;
  }

  function save(): void {
    const kept = cards.map((card) => [decisionOf(card) ?? null, textOf(card)?.value ?? '']);
    try {
      localStorage.setItem(storageKey, JSON.stringify(kept));
    } catch {
      // Without storage the page does all but remember.
    }
  }

  function restore(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
      for (const [index, card] of cards.entries()) {
        const [decision, text] = kept[index] ?? [];
        const area = textOf(card);
        if (area && typeof text === 'string') area.value = text;
        if (typeof decision === 'string') choose(card, decision);
      }
    } catch {
      // Something else is kept under that name, or nothing can be.
    }
  }

  function changed(card: HTMLElement): void {
    show(card);
    showTotal();
    save();
  }

  function filter(): void {
    for (const card of cards) {
      card.hidden = onlyOpen?.checked === true && decisionOf(card) !== undefined;
    }
    for (const section of document.querySelectorAll<HTMLElement>('main > section')) {
      section.hidden = section.querySelector('article:not([hidden])') === null;
    }
  }

  function say(text: string): void {
    if (status) status.textContent = text;
  }

  function exportDecisions(): void {
    const empty = cards.find((card) => decisionOf(card) === 'write' && !textOf(card)?.value.trim());
    if (empty) {
      empty.hidden = false;
      textOf(empty)?.focus();
      say('The text to write is empty. Write one, or choose "Decorative" or "Leave".');
      return;
    }
    const images = entries.map((entry, index) => {
      const card = cards[index];
      const decision = (card && decisionOf(card)) ?? 'skip';
      return { ...entry, decision, alt: (card && textOf(card)?.value.trim()) || null };
    });
    const json = JSON.stringify({ ...data, images }, null, 2);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
    link.download = 'alt.json';
    link.click();
    URL.revokeObjectURL(link.href);
    const written = images.filter(({ decision }) => decision !== 'skip').length;
    say(`alt.json has ${written} decisions to write. Next: zipcaption alt … --apply alt.json`);
  }

  for (const card of cards) {
    card.addEventListener('input', (event) => {
      if (event.target instanceof HTMLTextAreaElement) choose(card, 'write');
      changed(card);
    });
    for (const button of card.querySelectorAll<HTMLButtonElement>('button[data-alt]')) {
      button.addEventListener('click', () => {
        const area = textOf(card);
        if (area) area.value = button.dataset.alt ?? '';
        choose(card, 'write');
        changed(card);
      });
    }
    textOf(card)?.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      choose(card, 'write');
      changed(card);
      const rest = cards.slice(cards.indexOf(card) + 1).filter((each) => !each.hidden);
      const next = rest.map(textOf).find((area) => area);
      if (next) next.focus();
      else document.getElementById('export')?.focus();
    });
  }
  document.getElementById('export')?.addEventListener('click', exportDecisions);
  onlyOpen?.addEventListener('change', filter);

  restore();
  for (const card of cards) show(card);
  showTotal();
}
