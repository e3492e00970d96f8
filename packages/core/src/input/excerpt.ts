/** The beginning of a text, for messages: a photo passed as a text must not be repeated in full. */
export function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 60)}… (${text.length} characters)`;
}
