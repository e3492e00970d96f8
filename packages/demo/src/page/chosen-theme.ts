import { recall } from './storage.js';

// In the head of all pages, before anything is painted: a page must not be light first where dark was chosen.
document.documentElement.dataset.theme = recall('theme') ?? 'system';
