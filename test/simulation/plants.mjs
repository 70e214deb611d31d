/**
 * Bugs to plant, one at a time, into what is built: rules of the protocol switched off, and weakened designs. Each patch
 * replaces a text that stands once in a module. `world` is the kind of place that shows it, if only one does.
 */
export const PLANTS = [];
