// The parts of this program that are needed only when the image is found. They are read while drives and networks are waited for: each
// file takes milliseconds on an emulated machine, and there are a hundred.

/**
 * Begins to read; what comes is what init.ts goes on with. The field's modules are then there for root.ts, those of the configure runes
 * too where they are to run in this thread.
 */
export async function readAhead({ runesHere }: { runesHere: boolean }) {
  await import('../src/vfield/field.ts'); // first: a diskless PC can't even ask for its image without
  const [{ configure }, { openDoors, serveRoom, withBootTrace }, { LiveStatus }, { RecordKeeper }, { readRunes }] =
    await Promise.all([
      import('./configure.ts'),
      import('./serve.ts'),
      import('./live-status.ts'),
      import('./record.ts'),
      import('../src/runes/host/start.ts'),
    ]);
  if (runesHere) await readRunes('configure');
  return { configure, openDoors, serveRoom, withBootTrace, LiveStatus, RecordKeeper };
}
