import { describe, expect, it } from 'vitest';
import { loadRoutes } from '../lib/routes';

const SCOPES = ['staff-only', 'client-scoped', 'public'];

describe('every non-public route declares a scope', () => {
  for (const [file, route] of loadRoutes()) {
    it(file, () => {
      expect(SCOPES, `${file}: no scope is declared`).toContain(route.scope);
    });
  }
});
