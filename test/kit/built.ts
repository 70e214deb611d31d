/**
 * What the packages are built to, which Node loads by itself: transformed again for each test file, as vitest does with
 * all that lies outside of node_modules, it took a sixth of the whole time.
 */
export const built = /\/packages\/[^/]+\/dist\//;
