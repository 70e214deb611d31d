/** Opens a bucket: what the user says, what the environment says, and connections. */
import type { S3Storage } from "@bcat/storage/s3";
import type { Place, PlaceContext, S3Place } from "./place.js";
import { firstOf } from "./variables.js";
import { wireOptionsOf } from "./wire-options.js";

export async function openBucket(place: S3Place & Pick<Place, "location">, context: PlaceContext): Promise<S3Storage> {
  const { options, variables, onNotice, meter } = context;
  const { s3 = {} } = options;
  const { connectionsDefault, openS3Storage } = await import("@bcat/storage/s3");
  const { createAgents } = await import("@bcat/storage/wire");
  const { connections = connectionsDefault, pathStyle = "auto" } = s3;
  silenceSdk();
  const wire = await wireOptionsOf(options, variables);
  return openS3Storage({
    location: place.location,
    bucket: place.bucket,
    prefix: place.prefix,
    endpoint: place.endpoint,
    region: s3.region ?? place.region ?? firstOf(variables, "AWS_REGION", "AWS_DEFAULT_REGION"),
    pathStyle: pathStyle === "auto" ? undefined : pathStyle === "path",
    profile: s3.profile,
    anonymous: s3.anonymous,
    storageClass: s3.storageClass,
    listVersion: s3.listVersion,
    connections,
    agents: createAgents({ ...wire, connectionsMax: connections }),
    meter,
    onNotice,
  });
}

/** It warns of versions of Node that its future versions will not run on. */
function silenceSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}
