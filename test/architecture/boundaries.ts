// Which room may import which, and which packages: one finding per import that has no door.
import { type Import, importsOf, packageOf } from './imports.ts'
import { BESIDE_A_TEST, MAY_IMPORT_LATE, ROOMS, type Room } from './rooms.ts'
import type { Source } from './source.ts'

export function boundaryFindings(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(source => {
    const room = roomOf(source.path)
    if (room === undefined) return [`${source.path} is in no room; give it one in rooms.ts`]
    return importsOf(source).flatMap(seen => {
      const why = whyRefused(seen, room)
      return why === undefined
        ? []
        : [`${seen.file}:${seen.line} imports ${seen.specifier}: ${why}`]
    })
  })
}

function roomOf(path: string): Room | undefined {
  return ROOMS.filter(({ name }) => isIn(path, name)).toSorted(
    (a, b) => b.name.length - a.name.length,
  )[0]
}

function isIn(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`)
}

function whyRefused(seen: Import, room: Room): string | undefined {
  if (seen.isDynamic && !MAY_IMPORT_LATE.some(place => seen.file.startsWith(place)))
    return 'import() hides what a file needs'
  if (seen.specifier.includes('../..')) return 'a path up two folders; name the room with #'
  return seen.target === undefined
    ? whyPackageRefused(seen, room)
    : whyTargetRefused(seen, seen.target, room)
}

function whyTargetRefused(seen: Import, target: string, room: Room): string | undefined {
  if (seen.specifier.startsWith('.') && topFolder(target) !== topFolder(seen.file))
    return 'a relative path out of the folder; name the room with #'
  const targetRoom = roomOf(target)
  if (targetRoom === undefined) return 'it leads to no room'
  if (targetRoom.name === room.name) return undefined
  const doors = isTest(seen.file) ? [...room.imports, ...BESIDE_A_TEST.imports] : room.imports
  // A door to a folder opens the rooms inside it too, but never those behind a door of the router's own.
  if (doors.some(door => isIn(target, door) && (room.name === 'test' || opens(door, targetRoom))))
    return undefined
  return `${room.name} has no door to ${targetRoom.name}`
}

function opens(door: string, targetRoom: Room): boolean {
  return isIn(door, targetRoom.name) || door === targetRoom.name
}

function whyPackageRefused({ file, specifier }: Import, room: Room): string | undefined {
  if (specifier === '?') return 'what is imported is not written here'
  if (specifier.startsWith('node:')) {
    if (isTest(file) || room.builtins === undefined || room.builtins.includes(specifier))
      return undefined
    return `${room.name} is pure`
  }
  const name = packageOf(specifier)
  const packages = isTest(file) ? [...room.packages, ...BESIDE_A_TEST.packages] : room.packages
  const isOpen = packages.some(
    door => door === name || (door.endsWith('*') && name.startsWith(door.slice(0, -1))),
  )
  return isOpen ? undefined : `${room.name} has no door to the package ${name}`
}

const isTest = (file: string): boolean => file.endsWith('.test.ts')

const topFolder = (path: string): string => path.split('/', 1)[0] ?? path
