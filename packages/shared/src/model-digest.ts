// Digests of models, which servers write in two ways. Pure.

/** "sha256:abc" and "abc" are one digest. */
export const bareDigest = (digest: string): string => digest.toLowerCase().replace(/^sha256[:-]/, "");
