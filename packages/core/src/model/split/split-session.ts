import type { Session, Values } from '../session.js';

/**
 * A decoder in two networks that looks like one: what depends on the photo alone is computed once for
 * each photo (and number of rows), not once a step.
 *
 * @param inputs      of the network as it was
 * @param photoInputs those of them that the first network takes
 * @param between     what it gives the second
 */
export function splitSession(
  { photo, step }: { readonly photo: Session; readonly step: Session },
  {
    inputs,
    photoInputs,
    between,
  }: Readonly<Record<'inputs' | 'photoInputs' | 'between', readonly string[]>>,
): Session {
  const [key = ''] = photoInputs;
  // Of each photo as long as somebody holds its tensor.
  const known = new WeakMap<Values, Promise<Readonly<Record<string, Values>>>>();
  const seen = (feeds: Readonly<Record<string, Values>>) => {
    const tensor = feeds[key] as Values;
    const kept = known.get(tensor);
    if (kept) return kept;
    const given = Object.fromEntries(photoInputs.map((name) => [name, feeds[name] as Values]));
    const made = photo.run(given, between);
    known.set(tensor, made);
    // What failed is tried again.
    made.catch(() => known.delete(tensor));
    return made;
  };
  const own = step.inputs.filter((name) => !between.includes(name));
  return {
    inputs,
    outputs: step.outputs,
    shape: (name) => step.shape(name) ?? photo.shape(name),
    outputType: step.outputType,
    inputType: (name) => step.inputType(name) ?? photo.inputType(name),
    async run(feeds, fetches, isTrial) {
      const given = Object.fromEntries(own.map((name) => [name, feeds[name] as Values]));
      return step.run({ ...given, ...(await seen(feeds)) }, fetches, isTrial);
    },
    async release() {
      await photo.release();
      await step.release();
    },
  };
}
