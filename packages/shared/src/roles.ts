// What a caller from outside may do, as role tokens say it. Each role may do what the ones before it may.

/** From least to most. */
export const ROLES = ["viewer", "operator", "admin"] as const;

/** One of them. */
export type Role = (typeof ROLES)[number];

/** Whether a text names a role. */
export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** Whether `has` may do what `needed` is asked for. */
export const mayDo = (has: Role, needed: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needed);
