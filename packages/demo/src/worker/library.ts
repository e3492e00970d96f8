/** All of the library that the worker needs, in a script of its own. */
export { loadCaptioner } from 'zipcaption';
