/** A text for a message: a photo that was handed in as a text is not to be repeated in it. */
export function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 60)}… (${text.length} characters)`;
}
