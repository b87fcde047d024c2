import type { ApiToken } from '@breezycorp/auth-api-key';

export type Mode = 'live' | 'test';

/** The mode of a request is the mode of its token. A request without a token has none. */
export function modeOf(token: ApiToken | undefined): Mode | undefined {
  if (token === undefined) return undefined;
  return token.prefix.startsWith('live_') ? 'live' : 'test';
}

/** Every query carries the mode; the tenant-scope extension refuses one without it. */
export function withMode<T extends object>(where: T, mode: Mode): T & { mode: Mode } {
  return { ...where, mode };
}
