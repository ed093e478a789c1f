import type { GroupCoverage } from '../usage/index.ts';

/** The time ahead that a confidence speaks of. */
const HORIZON_DAYS = 30;

/** Covered share of the hours in which the group was worn; 0 where nobody wore it. */
export function coverageShare(coverage: GroupCoverage | undefined): number {
  if (coverage === undefined || coverage.expectedInterfaceHours === 0) return 0;
  return Math.min(1, coverage.observedInterfaceHours / coverage.expectedInterfaceHours);
}

/**
 * The chance that what was silent for the window stays silent for 30 days more. Gamma-Poisson with Jeffreys' prior (a = 1/2, b = 0):
 * P(none in H | none in W) = (W / (W + H))^(1/2). Times coverage: what was not logged was not seen to be silent.
 */
export function silenceConfidence(windowDays: number, covered: number): number {
  return round(covered * Math.sqrt(windowDays / (windowDays + HORIZON_DAYS)));
}

/** As for silence, times the share of the use that the observed values stand for (1 - Good-Turing missing mass). */
export function narrowingConfidence(windowDays: number, covered: number, missingMass: number): number {
  return round(silenceConfidence(windowDays, covered) * (1 - missingMass));
}

/**
 * Good-Turing: the mass of values not yet seen is about f1 / n; counted on days and not on flows, because the flows of a day are one
 * event and not many. `daysOfValue` holds for each value the number of days it was seen on. No value at all: 1.
 */
export function missingMass(daysOfValue: Iterable<number>): number {
  let once = 0;
  let all = 0;
  for (const days of daysOfValue) {
    if (days === 1) once += 1;
    all += days;
  }
  return all === 0 ? 1 : once / all;
}

function round(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
}
