import fc from 'fast-check';

/**
 * Properties try the same examples in every run, so that a red run is about the change and can be had again. `FAST_CHECK_SEED=random`
 * tries others (`npm run test:random`, before a release and when a property is written); a number replays what such a run found.
 */
const wanted = process.env.FAST_CHECK_SEED ?? '20261001';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
