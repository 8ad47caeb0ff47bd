// Rune display: X and Wayland find card, driver and mode by themselves, so what the image still has of the machine that it was made from goes out of their
// way. Where a monitor tells nothing or lies, a setting gives the mode: to the kernel as an EDID, so that X, Wayland and the console agree, and to X
// for cards without a driver in the kernel. Nothing here needs X to be there.

import * as z from 'zod/mini';
import type { RootFiles } from '../../../contract/root-files.ts';
import { defineRune } from '../../../contract/rune.ts';
import { edidFirmware, LOADER, loaderScript, loaderUnit } from './edid-loader.ts';
import { type Timing, timingOf } from './timing.ts';
import { isOfOneMachine, xorgText } from './xorg.ts';

const X11 = '/etc/X11';
const OWN_CONFIGURATION = `${X11}/xorg.conf.d/10-viver.conf`;
const UNIT = '/etc/systemd/system/viver-edid.service';
const WANTED = '/etc/systemd/system/sysinit.target.wants/viver-edid.service';

const settings = z.object({
  mode: z
    .optional(z.string().check(z.regex(/^\d{3,4}x\d{3,4}(@\d{2,3})?$/, '1280x1024 or 1024x768@75 is wanted')))
    .check(z.describe('1280x1024 or 1024x768@75, for monitors that say nothing or lie; unset: what the monitor says')),
  output: z
    .optional(z.string().check(z.regex(/^[A-Za-z0-9-]+$/)))
    .check(z.describe("the kernel's name of the only plug that mode is for, such as HDMI-A-1; unset: all")),
  driver: z
    .optional(z.string().check(z.regex(/^[a-z0-9_]+$/)))
    .check(z.describe("X's driver, such as modesetting, fbdev or vesa; unset: X chooses")),
  keepXorgConf: z
    ._default(z.boolean(), false)
    .check(z.describe("the image's own configuration of cards and monitors stays: all PCs are alike")),
});

export const display = defineRune({
  name: 'display',
  version: 1,
  stage: 'configure',
  summary:
    "the display set-up of the machine that the image was made from goes; a mode where the monitor's word is wrong",
  offers: [],
  needs: [],
  settings,
  async start({ files, log, settings: { mode, output, driver, keepXorgConf } }) {
    const timing = mode === undefined ? undefined : timingOf(mode);
    const done = [
      ...(keepXorgConf ? [] : await setAsideForeign(files)),
      ...(timing ? await writeEdid(files, timing, output) : []),
      ...(await writeXorg(files, driver, timing)),
    ];
    log.info(done.length > 0 ? done.join('; ') : 'display: nothing to do, cards and monitors are found by themselves');
  },
});

/** Renamed, for whoever looks for it: X reads only what ends in .conf. */
async function setAsideForeign(files: RootFiles): Promise<string[]> {
  const snippets = (await files.list(`${X11}/xorg.conf.d`)).filter((name) => name.endsWith('.conf'));
  const paths = [`${X11}/xorg.conf`, ...snippets.map((name) => `${X11}/xorg.conf.d/${name}`)];
  const texts = await Promise.all(paths.map((path) => files.readText(path)));
  const foreign = paths.flatMap((path, index) => {
    const text = texts[index];
    return text !== undefined && path !== OWN_CONFIGURATION && isOfOneMachine(text) ? [{ path, text }] : [];
  });
  await Promise.all(
    foreign.flatMap(({ path, text }) => [files.writeText(`${path}.viver-saved`, text), files.remove(path)]),
  );
  return foreign.map(({ path }) => `${path} is of another machine, now ${path}.viver-saved`);
}

async function writeEdid(files: RootFiles, timing: Timing, output: string | undefined): Promise<string[]> {
  await Promise.all([
    files.writeText(LOADER, loaderScript(timing, output), 0o755),
    files.writeText(UNIT, loaderUnit),
    files.symlink(UNIT, WANTED),
    files.writeText('/etc/modprobe.d/viver-edid.conf', `options drm edid_firmware=${edidFirmware(output)}\n`),
  ]);
  return [`${timing.width}x${timing.height} at ${timing.refreshHz} Hz for ${output ?? 'every plug'}`];
}

async function writeXorg(files: RootFiles, driver: string | undefined, timing: Timing | undefined): Promise<string[]> {
  const text = xorgText(driver, timing);
  if (text === undefined || !(await files.exists(X11))) return [];
  await files.writeText(OWN_CONFIGURATION, text);
  return driver ? [`X uses its driver ${driver}`] : [];
}
