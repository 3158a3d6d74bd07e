// Model files by their sha256, as in Ollama's blob folder. A file is visible under its digest only once it is complete
// and its digest was checked: it is written beside its place and then renamed.
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** "sha256:" and 64 lower-case hex digits. */
export type BlobDigest = string & { readonly brand: "BlobDigest" };

/** What was written does not have the digest that was announced. */
export class DigestMismatch extends Error {
  override name = "DigestMismatch";

  constructor(expected: string, actual: string) {
    super(`digest mismatch, expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }
}

/** More bytes than a blob may have. */
export class BlobTooLarge extends Error {
  override name = "BlobTooLarge";
}

/** Reads a digest as clients write it ("sha256:…" or "sha256-…"); undefined if it is not one. */
export function parseDigest(text: string): BlobDigest | undefined {
  return /^sha256[:-][0-9a-fA-F]{64}$/.test(text) ? digestOf(text.slice(7).toLowerCase()) : undefined;
}

function digestOf(hex: string): BlobDigest {
  return `sha256:${hex}` as BlobDigest;
}

const abandonedAfterMs = 3_600_000;

/** The blobs of one data directory. */
export class BlobStore {
  #directory: string;
  #serial = 0;

  /** Opens the folder, makes it if it is missing, and clears away what interrupted writers left. */
  constructor(dataDir: string) {
    this.#directory = join(dataDir, "blobs");
    mkdirSync(this.#directory, { recursive: true });
    this.#clearAbandoned();
  }

  pathOf(digest: BlobDigest): string {
    return join(this.#directory, digest.replace(":", "-"));
  }

  has(digest: BlobDigest): boolean {
    return existsSync(this.pathOf(digest));
  }

  remove(digest: BlobDigest): void {
    rmSync(this.pathOf(digest), { force: true });
  }

  /** Writes generated chunks and returns their digest. */
  write(chunks: Iterable<Uint8Array>): BlobDigest {
    return this.#complete((file, hash) => {
      for (const chunk of chunks) {
        hash.update(chunk);
        writeSync(file, chunk);
      }
    });
  }

  /** Takes an upload of at most `bytesMax`. Rejects with DigestMismatch or BlobTooLarge; nothing stays then. */
  async receive(
    source: AsyncIterable<Uint8Array>,
    { digest, bytesMax }: { digest: BlobDigest; bytesMax: number },
  ): Promise<void> {
    const temporary = this.#temporaryPath();
    const file = openSync(temporary, "wx");
    const hash = createHash("sha256");
    try {
      let total = 0;
      for await (const chunk of source) {
        total += chunk.length;
        if (total > bytesMax) throw new BlobTooLarge(`a blob may have at most ${bytesMax} bytes`);
        hash.update(chunk);
        writeSync(file, chunk);
      }
      const actual = digestOf(hash.digest("hex"));
      if (actual !== digest) throw new DigestMismatch(digest, actual);
      fsyncSync(file);
      renameSync(temporary, this.pathOf(digest));
    } finally {
      closeSync(file);
      rmSync(temporary, { force: true });
    }
  }

  /** True if the stored file still has its digest. */
  async isIntact(digest: BlobDigest): Promise<boolean> {
    if (!this.has(digest)) return false;
    const hash = createHash("sha256");
    await pipeline(createReadStream(this.pathOf(digest)), hash);
    return digestOf(hash.digest("hex")) === digest;
  }

  #complete(fill: (file: number, hash: ReturnType<typeof createHash>) => void): BlobDigest {
    const temporary = this.#temporaryPath();
    const file = openSync(temporary, "wx");
    const hash = createHash("sha256");
    try {
      fill(file, hash);
      fsyncSync(file);
      const digest = digestOf(hash.digest("hex"));
      renameSync(temporary, this.pathOf(digest));
      return digest;
    } finally {
      closeSync(file);
      rmSync(temporary, { force: true });
    }
  }

  #temporaryPath(): string {
    this.#serial += 1;
    return join(this.#directory, `partial-${process.pid}-${this.#serial}-${Date.now()}`);
  }

  #clearAbandoned(): void {
    const oldestMs = Date.now() - abandonedAfterMs;
    for (const name of readdirSync(this.#directory).filter((entry) => entry.startsWith("partial-"))) {
      const path = join(this.#directory, name);
      if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? oldestMs) < oldestMs)
        rmSync(path, { force: true });
    }
  }
}
