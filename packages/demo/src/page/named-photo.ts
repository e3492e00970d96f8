/** A photo as it comes in, however it does. */
export interface NamedPhoto {
  readonly file: Blob;
  readonly name: string;
}
