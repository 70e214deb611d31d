/** How names and texts are shown: the same words in what is printed here and in the messages of all packages. */
export { decodeUtf8, quoteName, quoteText } from "@bcat/errors";
