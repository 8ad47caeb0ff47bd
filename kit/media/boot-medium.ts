// What sticks and discs have in common. Data only.

import type { ImageFile } from '../image-file.ts';
import type { BootFile } from './boot-partition.ts';

export interface BootMedium {
  readonly image: ImageFile;
  /** Loaders, kernel, initrd, menu and boot.json. */
  readonly files: readonly BootFile[];
  /** A directory for what is made on the way. */
  readonly scratch: string;
  /** Seconds since 1970 that stand for every time stamp on the medium. */
  readonly timeSeconds: number;
}
