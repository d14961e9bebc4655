const share = process.env['MUTATION_TESTS'] === undefined ? 1 : 0.2;

/** How many cases something is tried on, or comes about in: fewer when every change of the code has to be put to all of them (proof/mutation). */
export const cases = (many: number): number => Math.ceil(many * share);
