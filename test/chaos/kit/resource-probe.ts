// Loaded into a router process with `--import`: on SIGUSR2 it tells what keeps its event loop alive, kind by kind. A signal holds
// nothing open, so the process ends as it would without.
process.on('SIGUSR2', () => {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  process.send?.({ type: 'resources', counts })
})
