/** What the codes of the operating system mean, for people. */

/** By code; what a file or its folder met. */
export const systemWords: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "no space left within the quota",
  EEXIST: "something else is there",
  EFBIG: "the file is too large",
  EINVAL: "the system does not take this",
  EIO: "input/output error",
  EISDIR: "it is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "this process has too many open files",
  EMLINK: "too many links",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "the system has too many open files",
  ENOENT: "no such file or directory",
  ENOMEM: "the system has no memory left",
  ENOSPC: "no space left",
  ENOTDIR: "it is not a directory",
  ENOTSUP: "the file system cannot do this",
  ENXIO: "there is no such device",
  EOPNOTSUPP: "the file system cannot do this",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ESTALE: "the network file system has lost it",
  ETIMEDOUT: "no answer in time",
};
