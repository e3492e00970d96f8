export default { title: 'Trips', lang: 'en' };
