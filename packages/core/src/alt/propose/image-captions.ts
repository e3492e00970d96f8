/** What a model said of an image. */
export interface ImageCaptions {
  /** Best first, at least one. */
  readonly candidates: readonly { readonly text: string; readonly confidence: number }[];
  /** Of the upright image, in pixels. */
  readonly width: number;
  readonly height: number;
}
