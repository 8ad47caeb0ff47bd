// How a machine becomes a member of its room.

import { type Log, silentLog } from '../log.ts';
import type { Cluster, JoinOptions } from './cluster.ts';
import { RoomCluster } from './room-cluster.ts';

/**
 * Joins the room: members that hold the same key find each other through the seeds. Resolves when this machine listens, alone or not.
 * @throws ViverError CLUSTER_LISTEN when the port is taken, CLUSTER_BAD_KEY, CLUSTER_BAD_DESCRIPTION.
 */
export async function joinCluster(options: JoinOptions, log: Log = silentLog): Promise<Cluster> {
  const cluster = new RoomCluster(options, log);
  await cluster.open();
  return cluster;
}
