/** What is used of the AWS SDK: loaded at the first request, and in the program a file of its own (packages/cli/build). */
export {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
export { externalDataInterceptor } from "@smithy/core/config";
