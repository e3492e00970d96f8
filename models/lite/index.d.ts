/** The address of each file of the model, by its name; `loadCaptioner({ model: files })` loads it. */
export declare const files: Readonly<Record<string, URL>>;
