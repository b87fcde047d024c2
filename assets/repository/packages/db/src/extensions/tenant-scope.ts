import { Prisma } from '@prisma/client';
import { currentScope } from '../scope';

/**
 * Adds the tenant to every query that takes a filter. What fetches one row by its id is not caught here,
 * by design: the route handler has to compare the row's tenant.
 */
export const tenantScope = Prisma.defineExtension({
  name: 'tenant-scope',
  query: {
    $allModels: {
      findMany: ({ args, query }) => query(scoped(args)),
      updateMany: ({ args, query }) => query(scoped(args)),
      deleteMany: ({ args, query }) => query(scoped(args)),
      count: ({ args, query }) => query(scoped(args)),
    },
  },
});

function scoped<T extends { where?: object }>(args: T): T {
  return { ...args, where: { ...args.where, tenantId: currentScope().tenantId } };
}
