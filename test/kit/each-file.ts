/** Run before each test file, also where several share a process. */
import { countAnew } from "./opened-clients.js";

countAnew();
