// How much a call matters when not all can be served. The words are Google's; the order is that in which calls are given up.

/** Rising: under overload those of the first are refused first. */
export const CRITICALITIES = ['sheddable', 'sheddable_plus', 'critical', 'critical_plus'] as const
export type Criticality = (typeof CRITICALITIES)[number]

/** 0 is given up first. */
export const rankOf = (criticality: Criticality): number => CRITICALITIES.indexOf(criticality)

export const criticalityNamed = (word: string): Criticality | undefined =>
  CRITICALITIES.find(criticality => criticality === word)

/** A caller may lower what policy gives it, and never raise it. */
export const lowered = (given: Criticality, asked: Criticality | undefined): Criticality =>
  asked !== undefined && rankOf(asked) < rankOf(given) ? asked : given
