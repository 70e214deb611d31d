/**
 * What the packages are built to, which Node loads by itself. Vitest transforms all that lies outside of node_modules anew
 * for each test file: of twenty of them, that was 20 of 114 seconds of CPU.
 */
export const built = /\/packages\/[^/]+\/dist\//;
