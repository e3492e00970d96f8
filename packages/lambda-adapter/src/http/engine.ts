import type { Captioner } from 'zipcaption';

/** What the app needs of a captioner. */
export type Engine = Pick<Captioner, 'caption' | 'embed' | 'model'> &
  Partial<Pick<Captioner, 'workersLost'>>;

/** Gives the loaded captioner; loads it when that has not happened yet. */
export type GetEngine = () => Promise<Engine>;

/** Loads once and shares it; a failed load is tried again by the next caller. */
export function once(load: GetEngine): { readonly get: GetEngine; isLoaded(): boolean } {
  let loading: Promise<Engine> | undefined;
  let loaded = false;
  return {
    isLoaded: () => loaded,
    get() {
      loading ??= load().then(
        (engine) => {
          loaded = true;
          return engine;
        },
        (error: unknown) => {
          loading = undefined;
          throw error;
        },
      );
      return loading;
    },
  };
}
