/** What a starting process finds on its disk: a picture that later operations do not change. */

import type { DiskImage, DiskSlot } from '../kernel/index.js';
import type { DiskDirectory } from './disk-directory.js';
import type { Extent } from './disk-extent.js';

export class StoredImage implements DiskImage {
  private readonly contents = new Map<string, readonly Extent[]>();

  /** Takes the names and contents as the page cache has them; after a power loss that is the durable state. */
  constructor(directory: DiskDirectory) {
    for (const name of directory.cachedNames()) {
      const file = directory.find(name);
      if (file !== undefined) this.contents.set(name, file.view());
    }
  }

  read(file: string): readonly DiskSlot[] {
    return (this.contents.get(file) ?? []).map((extent) => extent.toSlot());
  }

  files(): readonly string[] {
    return [...this.contents.keys()];
  }
}
