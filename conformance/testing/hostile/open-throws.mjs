// Cannot be opened.
export const adapter = { name: 'open throws', open() { throw new Error('no database\nat all'); } };
