/** What to do with a file that is not read, as sentences. */
export const toJpeg = (file: string) =>
  `Convert it to JPEG, for instance with \`magick ${file} photo.jpg\` (ImageMagick).`;
export const FRAME =
  'Extract a frame, for instance with `ffmpeg -i clip.mp4 -frames:v 1 frame.jpg`.';
const UNPACK = 'Unpack it and pass its photos one by one.';
export const NOT_A_PHOTO = 'Pass a photo: JPEG, PNG, WebP or GIF.';

/** What begins with `magic` at `offset` (0 unless given). `.` in `magic` stands for any byte. */
interface Signature {
  readonly magic: string;
  readonly offset?: number;
  readonly name: string;
  readonly advice: string;
}

const signature = (magic: string, name: string, advice: string, offset = 0): Signature => ({
  magic,
  name,
  advice,
  offset,
});

/** Signatures as their formats' specifications or the registry of `file(1)` give them. */
export const SIGNATURES: readonly Signature[] = [
  signature('II*\0', 'a TIFF or camera raw file (DNG, NEF, CR2, ARW)', toJpeg('photo.tif')),
  signature('MM\0*', 'a TIFF or camera raw file (DNG, NEF, CR2, ARW)', toJpeg('photo.tif')),
  signature('II+\0', 'a BigTIFF file', toJpeg('photo.tif')),
  signature('MM\0+', 'a BigTIFF file', toJpeg('photo.tif')),
  signature('IIRO', 'an Olympus raw file (ORF)', toJpeg('photo.orf')),
  signature('IIU\0', 'a Panasonic raw file (RW2)', toJpeg('photo.rw2')),
  signature('FUJIFILMCCD-RAW', 'a Fujifilm raw file (RAF)', toJpeg('photo.raf')),
  signature('II\xbc\x01', 'a JPEG XR picture', toJpeg('photo.jxr')),
  signature('\0\0\0\x0cjP  \r\n\x87\n', 'a JPEG 2000 picture', toJpeg('photo.jp2')),
  signature('\xff\x4f\xff\x51', 'a JPEG 2000 picture', toJpeg('photo.j2k')),
  signature('\0\0\0\x0cJXL \r\n\x87\n', 'a JPEG XL picture', toJpeg('photo.jxl')),
  signature('\xff\x0a', 'a JPEG XL picture', toJpeg('photo.jxl')),
  signature('8BPS', 'a Photoshop document (PSD)', toJpeg('picture.psd')),
  signature('gimp xcf', 'a GIMP document (XCF)', toJpeg('picture.xcf')),
  signature('icns', 'an Apple icon (ICNS)', toJpeg('picture.icns')),
  signature('qoif', 'a QOI picture', toJpeg('picture.qoi')),
  signature('DDS ', 'a DirectDraw texture (DDS)', toJpeg('picture.dds')),
  signature('\x76\x2f\x31\x01', 'an OpenEXR picture', toJpeg('picture.exr')),
  signature('#?RADIANCE', 'a Radiance HDR picture', toJpeg('picture.hdr')),
  signature('#?RGBE', 'a Radiance HDR picture', toJpeg('picture.hdr')),
  signature('PF\n', 'a Portable FloatMap (PFM)', toJpeg('picture.pfm')),
  signature('Pf\n', 'a Portable FloatMap (PFM)', toJpeg('picture.pfm')),
  signature('\x01\xda', 'an SGI picture', toJpeg('picture.sgi')),
  signature('\x59\xa6\x6a\x95', 'a Sun raster picture', toJpeg('picture.ras')),
  signature('SDPX', 'a DPX film frame', toJpeg('frame.dpx')),
  signature('XPDS', 'a DPX film frame', toJpeg('frame.dpx')),
  signature('\x80\x2a\x5f\xd7', 'a Cineon film frame', toJpeg('frame.cin')),
  signature('farbfeld', 'a farbfeld picture', toJpeg('picture.ff')),
  signature(
    'BPG\xfb',
    'a BPG picture',
    'Convert it to PNG with `bpgdec -o picture.png picture.bpg`.',
  ),
  signature('FLIF', 'a FLIF picture', 'Convert it to PNG with `flif -d picture.flif picture.png`.'),
  signature('FORM....ILBM', 'an Amiga picture (ILBM)', toJpeg('picture.iff')),
  signature('FORM....PBM ', 'an Amiga picture (ILBM)', toJpeg('picture.iff')),
  signature('AT&TFORM', 'a DjVu document', 'Render a page with `ddjvu -format=tiff -page=1`.'),
  signature('Paint Shop Pro Image File', 'a Paint Shop Pro document', toJpeg('picture.psp')),
  signature('id=ImageMagick', 'an ImageMagick picture (MIFF)', toJpeg('picture.miff')),
  signature('Image type: ', 'an IFUNC picture (IM)', toJpeg('picture.im')),
  signature('DanM', 'a Windows Paint picture (MSP)', toJpeg('picture.msp')),
  signature('LinS', 'a Windows Paint picture (MSP)', toJpeg('picture.msp')),
  signature('BLP1', 'a Blizzard texture (BLP)', toJpeg('picture.blp')),
  signature('BLP2', 'a Blizzard texture (BLP)', toJpeg('picture.blp')),
  signature('\xabKTX ', 'a Khronos texture (KTX)', toJpeg('picture.ktx')),
  signature('VTF\0', 'a Valve texture (VTF)', toJpeg('picture.vtf')),
  signature('PVR\x03', 'a PowerVR texture (PVR)', toJpeg('picture.pvr')),
  signature('\x13\xab\xa1\x5c', 'an ASTC texture', toJpeg('picture.astc')),
  signature('\x97JB2\r\n\x1a\n', 'a JBIG2 picture', toJpeg('picture.jb2')),
  signature('\xd7\xcd\xc6\x9a', 'a Windows metafile (WMF)', toJpeg('picture.wmf')),
  signature(' EMF', 'a Windows metafile (EMF)', toJpeg('picture.emf'), 40),
  signature('\0\x11\x02\xff', 'a Macintosh picture (PICT)', toJpeg('picture.pct'), 522),
  signature('DICM', 'a DICOM file', toJpeg('scan.dcm'), 128),
  signature('n+1\0', 'a NIfTI scan', NOT_A_PHOTO, 344),
  signature('\x89HDF\r\n\x1a\n', 'an HDF5 file', NOT_A_PHOTO),
  signature('\0MRM', 'a Minolta raw file (MRW)', toJpeg('photo.mrw')),
  signature('FOVb', 'a Sigma raw file (X3F)', toJpeg('photo.x3f')),
  signature('HEAPCCDR', 'a Canon raw file (CRW)', toJpeg('photo.crw'), 6),
  signature('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an Office document', NOT_A_PHOTO),
  signature('RIFF....ACON', 'an animated cursor (ANI)', toJpeg('picture.ani')),
  signature('SIMPLE  =', 'a FITS file', toJpeg('picture.fits')),
  signature('\x8aMNG\r\n\x1a\n', 'an MNG animation', toJpeg('picture.mng')),
  signature('\x8bJNG\r\n\x1a\n', 'a JNG picture', toJpeg('picture.jng')),
  signature('%!PS', 'a PostScript document', toJpeg('page.ps')),
  signature('\xc5\xd0\xd3\xc6', 'a PostScript document (EPS)', toJpeg('page.eps')),
  signature('\x1a\x45\xdf\xa3', 'a WebM or Matroska video', FRAME),
  signature('RIFF....AVI ', 'an AVI video', FRAME),
  signature('FLV\x01', 'a Flash video', FRAME),
  signature('\0\0\x01\xba', 'an MPEG video', FRAME),
  signature('\0\0\x01\xb3', 'an MPEG video', FRAME),
  signature('\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'a Windows Media file', FRAME),
  signature('RIFF....WAVE', 'a WAV sound', NOT_A_PHOTO),
  signature('ID3', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xfb', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf3', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf2', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf1', 'an AAC sound', NOT_A_PHOTO),
  signature('\xff\xf9', 'an AAC sound', NOT_A_PHOTO),
  signature('OggS', 'an Ogg sound or video', NOT_A_PHOTO),
  signature('fLaC', 'a FLAC sound', NOT_A_PHOTO),
  signature('MThd', 'a MIDI file', NOT_A_PHOTO),
  signature('PK\x03\x04', 'a ZIP archive (or an office document)', UNPACK),
  signature('PK\x05\x06', 'an empty ZIP archive', UNPACK),
  signature('\x1f\x8b', 'gzip-compressed data', 'Unpack it first, for instance with `gunzip`.'),
  signature('BZh', 'bzip2-compressed data', 'Unpack it first, for instance with `bunzip2`.'),
  signature('\xfd7zXZ\0', 'xz-compressed data', 'Unpack it first, for instance with `unxz`.'),
  signature('\x1f\x9d', 'compressed data (.Z)', 'Unpack it first, for instance with `uncompress`.'),
  signature('\x04\x22\x4d\x18', 'LZ4-compressed data', 'Unpack it first with `unlz4`.'),
  signature('\x28\xb5\x2f\xfd', 'Zstandard-compressed data', 'Unpack it first with `unzstd`.'),
  signature('7z\xbc\xaf\x27\x1c', 'a 7-Zip archive', UNPACK),
  signature('Rar!\x1a\x07', 'a RAR archive', UNPACK),
  signature('ustar', 'a tar archive', UNPACK, 257),
  signature('\x7fELF', 'a program', NOT_A_PHOTO),
  signature('MZ\x90\0', 'a Windows program', NOT_A_PHOTO),
  signature('\0asm', 'a WebAssembly module', NOT_A_PHOTO),
  signature('SQLite format 3\0', 'an SQLite database', NOT_A_PHOTO),
  signature('wOF', 'a web font', NOT_A_PHOTO),
  signature('\x93NUMPY', 'a NumPy array', 'Pass its values as raw pixels instead.'),
  signature(
    '\0\x05\x16\x07',
    'an AppleDouble file, the side file that macOS writes beside a photo',
    'Pass the photo itself: the file of the same name without the leading `._`.',
  ),
];

/** Whether `magic`, in which `.` stands for any byte, is at this place. */
export function matches(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const code = magic.charCodeAt(i);
    if (code !== 0x2e && bytes[offset + i] !== code) return false;
  }
  return true;
}
