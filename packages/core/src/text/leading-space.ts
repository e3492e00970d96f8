/** Takes the white space off the beginning of a text that comes in pieces. */
export function leadingSpaceTrimmer(): (piece: string) => string {
  let begun = false;
  return (piece) => {
    const rest = begun ? piece : piece.trimStart();
    begun ||= rest !== '';
    return rest;
  };
}
