import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CheckJobs } from './check-jobs.ts';

it('carries jobs over and verdicts back, in order, and refuses what does not fit', () => {
  const step = fc.constantFrom('post', 'post', 'answer', 'collect');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const here = new CheckJobs();
      const there = new CheckJobs(here.memory);
      let [posted, answered, collected] = [0, 0, 0];
      for (const action of steps) {
        if (action === 'post') {
          const hash = posted % 3 === 0 ? undefined : new Uint8Array(32).fill(posted);
          const fits = here.post({ segment: posted, offsetBytes: posted * 16_384, lengthBytes: posted + 1, hash });
          expect(fits).toBe(posted - collected < 64);
          if (fits) posted++;
        } else if (action === 'answer') {
          const job = there.next();
          expect(job === undefined).toBe(answered === posted);
          if (!job) continue;
          expect(job).toMatchObject({ segment: answered, offsetBytes: answered * 16_384, lengthBytes: answered + 1 });
          expect(job.hash?.[31]).toBe(answered % 3 === 0 ? undefined : answered % 256);
          there.answer(answered++ % 2 === 0);
        } else {
          const verdict = here.collect();
          expect(verdict).toBe(collected === answered ? undefined : collected % 2 === 0);
          if (verdict !== undefined) collected++;
        }
        expect(here.pending).toBe(posted - collected);
      }
    }),
    { numRuns: 200 },
  );
});
