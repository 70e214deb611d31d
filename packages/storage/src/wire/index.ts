export {
  type Agents,
  connectionsMaxDefault,
  connectTimeoutMsDefault,
  createAgents,
  idleTimeoutMsDefault,
  type WireOptions,
} from "./agents.js";
export { createLimitedStorage, type StorageLimits } from "./limited.js";
export { describeNetworkError, type NetworkFault, networkError, WireFault } from "./network-error.js";
export { type ProxySettings, proxyFor } from "./proxies.js";
export { request, type WireHead, type WireRequest, type WireResponse } from "./request.js";
export { statusFault } from "./status.js";
export { type RateSchedule, type RateStep, rateAt, Throttle, type WireClock } from "./throttle.js";
