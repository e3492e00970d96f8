/**
 * Address of the repository, without a slash at its end. Empty until it has one: then the page has no link to
 * it, and places in the docs that lead to files of it are no links.
 */
export const REPOSITORY = '';

export const NPM = 'https://www.npmjs.com/package/zipcaption';
