/** Whether all is to be run that takes long, as `npm run sweep` does, and not only a slice of it. */
export const isLongRun = process.env.EVERY_CALL === "all";
