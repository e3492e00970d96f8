/** Name of the cache in which the service worker lays photos that were shared, until the page takes them. */
export const SHARED_PHOTOS = 'zipcaption-shared-photos';
