/** Put here by the build of bundles, of which each begins with a file of its own: a name of that build. */
declare const BCAT_BUILD: string | undefined;

/**
 * What a thread says first of all: that it is ready, and of which build. Who starts it may be of another one, when bcat was
 * upgraded while it ran: what they say to each other would mean something else.
 */
export const READY = typeof BCAT_BUILD === "undefined" ? "ready" : `ready ${BCAT_BUILD}`;
