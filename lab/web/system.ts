// The system that the web farm's image is made of.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebianRecipe, LAB_PACKAGES } from '../debian.ts';
import { LAB_DIRECTORY } from '../room-paths.ts';

/** Where the image and the stick of the farm are kept. */
export const WEB_DIRECTORY = join(LAB_DIRECTORY, 'web-system');

export const WEB_RECIPE: DebianRecipe = {
  release: 'bookworm',
  packages: [...LAB_PACKAGES, ...['ifupdown', 'isc-dhcp-client', 'haproxy', 'nginx-light', 'curl']],
  setUp: fileURLToPath(new URL('set-up.sh', import.meta.url)),
};
