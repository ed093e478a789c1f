import fc from 'fast-check';

/**
 * Properties try the same examples in every run, so that a red run is about the change and can be had again. `FAST_CHECK_SEED=random`
 * tries others, and lists as long as each property allows (`npm run test:random`, before a release and when a property is written);
 * `FAST_CHECK_SEED=NUMBER` replays what such a run found.
 */
const wanted = process.env.FAST_CHECK_SEED;
if (wanted === undefined) fc.configureGlobal({ seed: 20_261_001 });
else
  fc.configureGlobal({
    defaultSizeToMaxWhenMaxSpecified: true,
    ...(wanted === 'random' ? {} : { seed: Number(wanted) }),
  });
