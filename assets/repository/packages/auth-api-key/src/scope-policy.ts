export type Verdict = 'allow' | 'deny';

/** `orders:read` covers `orders:read`; `orders:*` covers every verb of orders. Nothing covers another org. */
export function evaluate(granted: readonly string[], asked: string, sameOrg: boolean): Verdict {
  if (!sameOrg) return 'deny';
  const [resource] = asked.split(':');
  return granted.includes(asked) || granted.includes(`${resource}:*`) ? 'allow' : 'deny';
}
